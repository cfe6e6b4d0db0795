/**
 * Rights that nobody was seen to use, and narrower ones that would do: from what was observed, where it was watched for
 * long enough. What can't be seen is not judged. Pure.
 */
import { type Application, fitsName, groupsOf, type TopicUse } from '@millrace/api/declared';
import type { ObservedUse } from '../observations.ts';
import { principalsOf } from '../principals.ts';
import type { FindingDraft, FindingsInput } from './finding.ts';

const dayMs = 24 * 60 * 60 * 1000;
/** A pattern that stands for more topics than this is not replaced by their names. */
const namesMax = 20;

export function useFindings(input: FindingsInput): FindingDraft[] {
  const { fleet, now, unusedDays } = input;
  const since = new Date(now.getTime() - unusedDays * dayMs);
  const observed = Map.groupBy(input.seen.uses, ({ cluster, role }) => `${role} ${cluster}`);
  // What was declared since could not be used before.
  const applications = fleet.list('application').filter(({ changedAt }) => changedAt <= since);
  return applications.flatMap(({ spec }) =>
    (spec.uses ?? []).flatMap((use) => {
      const watched = input.seen.watchedSince(use.cluster, use.role, use.topic);
      if (watched === undefined || watched > since) return [];
      const seen = usesOf(spec, use, observed.get(`${use.role} ${use.cluster}`) ?? []);
      const recent = seen.filter(({ lastSeenAt }) => lastSeenAt >= since);
      if (recent.length === 0) return [unused(spec, use, seen, unusedDays)];
      return narrower(input, spec, use, recent, watched);
    }),
  );
}

/** What was seen of an application that a declared use allows. */
export function usesOf(application: Application, use: TopicUse, observed: readonly ObservedUse[]): ObservedUse[] {
  return observed.filter(
    (each) =>
      each.cluster === use.cluster &&
      each.role === use.role &&
      fitsName(use.topic, each.topic) &&
      isOf(application, use, each),
  );
}

/** By what the source tells of whoever it was, from the surest on. */
function isOf(application: Application, use: TopicUse, observed: ObservedUse): boolean {
  if (observed.principal !== undefined) return principalsOf(application).includes(observed.principal);
  if (observed.application !== undefined) return observed.application === application.name;
  const { group, transactionalId } = observed;
  if (group !== undefined) return groupsOf(application.name, use).some((name) => fitsName(name, group));
  return transactionalId !== undefined && (use.transactionalIds ?? []).some((name) => fitsName(name, transactionalId));
}

function unused({ name }: Application, use: TopicUse, seen: readonly ObservedUse[], days: number): FindingDraft {
  const last = seen.map(({ lastSeenAt }) => lastSeenAt.getTime()).sort((one, other) => other - one)[0];
  const when = last === undefined ? 'was never seen' : `was last seen ${new Date(last).toISOString()}`;
  return {
    key: `${name} ${use.cluster} ${use.role} ${use.topic}`,
    kind: 'unused_grant',
    severity: 'low',
    cluster: use.cluster,
    application: name,
    principal: null,
    text: `${name} may be a ${use.role} of ${use.topic} on ${use.cluster} and ${when} to be, in ${days} days or more`,
    advice: `take it out of what ${name} uses`,
  };
}

function narrower(
  { clusters }: FindingsInput,
  application: Application,
  use: TopicUse,
  recent: readonly ObservedUse[],
  watched: Date,
): FindingDraft[] {
  if (!use.topic.endsWith('*')) return [];
  const topics = clusters.find(({ name }) => name === use.cluster)?.topics ?? [];
  const allowed = topics.filter((topic) => fitsName(use.topic, topic));
  const used = [...new Set(recent.map(({ topic }) => topic))].sort();
  if (used.length >= allowed.length || used.length > namesMax) return [];
  const sources = [...new Set(recent.map(({ source }) => source))].sort().join(', ');
  const { name } = application;
  return [
    {
      key: `${name} ${use.cluster} ${use.role} ${use.topic}`,
      kind: 'narrower_grant',
      severity: 'low',
      cluster: use.cluster,
      application: name,
      principal: null,
      text:
        `${name} may be a ${use.role} of the ${allowed.length} topics ${use.topic} of ${use.cluster}; ` +
        `since ${watched.toISOString().slice(0, 10)} it was seen at ${used.length} of them (as told by: ${sources})`,
      advice: `declare these in place of ${use.topic}: ${used.join(', ')}`,
    },
  ];
}
