/** What is to be said of partitions that stand still. Does no I/O. */
import type { Standstill, StandstillReason } from '../offset-map/standstill.ts';
import type { TopicState } from './mirror-state.ts';

/** Why, and what to do; the offsets are those of the source. */
const sentences: { readonly [Reason in StandstillReason]: (offsets: string) => string } = {
  deleted: (offsets) => `the source deleted ${offsets} before they were copied: go on with --lost-records continue`,
  'too-large': (offsets) =>
    `what lies at ${offsets} is larger than the target takes: raise max.message.bytes there, or --large-records skip`,
  'invalid-time': (offsets) =>
    `the target refuses the times of ${offsets}: widen its message.timestamp limits, or --invalid-times skip`,
  'source-truncated': (offsets) =>
    `the source lost ${offsets}, which were copied: save them from the target, and start a mirror of another name`,
  'target-truncated': (offsets) =>
    `the target lost copies of ${offsets}: --truncated-target continue copies them again`,
  recreated: () => 'the topic was deleted on the source and made anew: --recreated-topics continue copies the new one',
  unreadable: (offsets) => `the source can't be read at ${offsets}: see the events of its worker; it is tried again`,
  refused: (offsets) => `the target takes nothing of ${offsets}: see the events of its worker; it is tried again`,
};

const placesMax = 3;

/** A sentence for each reason in each topic: which partitions, and of the one that has stood longest why. */
export function standstillNotes({ topic, partitions }: TopicState): string[] {
  const standing = partitions.flatMap(({ partition, standstill }) =>
    standstill === undefined ? [] : [{ partition, ...standstill }],
  );
  const byReason = Map.groupBy(standing, ({ reason }) => reason);
  return [...byReason.values()].map((all) => {
    const oldest = all.reduce((first, each) => (each.at < first.at ? each : first));
    const named = [oldest, ...all.filter((each) => each !== oldest)].slice(0, placesMax);
    const places = named.map(({ partition }) => `[${partition}]`).join(', ');
    const rest = all.length > named.length ? ` and ${all.length - named.length} more` : '';
    const offsets = all.length === 1 ? offsetsOf(oldest) : `${offsetsOf(oldest)} of [${oldest.partition}]`;
    const stands = `${all.length === 1 ? 'stands' : 'stand'} still since ${new Date(oldest.at).toISOString()}`;
    return `${topic} ${places}${rest} ${stands}: ${sentences[oldest.reason](offsets)}`;
  });
}

function offsetsOf({ from, to }: Standstill): string {
  return to <= from + 1 ? `source offset ${from}` : `source offsets ${from} to ${to - 1}`;
}
