/** What is to be said of a mirror whose topics were failed over, are being so, or went back. Does no I/O. */
import { reverseNameOf, type TopicFailover, wholeMirror } from '../failover/failover-record.ts';

export interface FailoverNotes {
  /** How it is, and what comes next. */
  readonly notes: readonly string[];
  /** What was broken off. */
  readonly problems: readonly string[];
}

const namedMax = 5;

export function failoverNotes(mirror: string, records: readonly TopicFailover[]): FailoverNotes {
  const topics = records.filter(({ topic }) => topic !== wholeMirror);
  const of = (state: TopicFailover['state']): TopicFailover[] => topics.filter((each) => each.state === state);
  const back = reverseNameOf(mirror);
  const notes = [
    sentence(of('failed-over'), 'were failed over', 'go back with `millrace mirror failback`'),
    sentence(of('failing-back'), `are copied back by mirror ${back}`, 'to go back for good, fail that one over'),
  ];
  const isBegun = (manner: TopicFailover['manner']) => of('closing').filter((each) => each.manner === manner);
  const unfinished = 'are copied no more, and their failover is not done';
  const problems = [
    sentence(
      of('draining'),
      'may be fenced on the source, as a planned failover was begun',
      'repeat it, or call it off with `--cancel`',
    ),
    sentence(isBegun('planned'), unfinished, 'repeat `millrace mirror failover`'),
    sentence(isBegun('forced'), unfinished, 'repeat `millrace mirror failover --forced`'),
  ];
  const isSaid = (text: string | undefined): text is string => text !== undefined;
  return { notes: notes.filter(isSaid), problems: problems.filter(isSaid) };
}

function sentence(records: readonly TopicFailover[], what: string, next: string): string | undefined {
  if (records.length === 0) return undefined;
  const names = records.map(({ topic }) => topic).sort();
  const named = names.slice(0, namedMax).join(', ');
  const rest = names.length > namedMax ? ` and ${names.length - namedMax} more` : '';
  const since = new Date(Math.min(...records.map(({ at }) => at))).toISOString();
  return `${named}${rest} ${what} (${since}): ${next}`;
}
