/** Groups of a cluster, put together with what was known of them. Pure. */
import type { ObservedGroup, ObservedTopic } from '../inventory.ts';
import type { Observation } from '../observe/observation.ts';
import { growth } from './merge-observation.ts';

type Groups = ReadonlyMap<string, ObservedGroup>;

/** With their lag. Those of a coordinator that was silent are as before; names ascending. */
export function mergeGroups(
  before: Groups,
  { groups, problems }: Pick<Observation, 'groups' | 'problems'>,
  topics: ReadonlyMap<string, ObservedTopic>,
): Groups {
  const all = new Map<string, ObservedGroup>();
  for (const [name, group] of before) if (problems.has(group.coordinator)) all.set(name, group);
  for (const [name, group] of groups) all.set(name, { ...group, lag: lagOf(group, topics) });
  return new Map([...all].sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** Undefined when nothing is known of either side. */
export function lagOf(
  { offsets }: Pick<ObservedGroup, 'offsets'>,
  topics: ReadonlyMap<string, Pick<ObservedTopic, 'endOffsets'>>,
): number | undefined {
  let lag: number | undefined;
  for (const [topic, committed] of offsets) {
    const ofTopic = lagOn(committed, topics.get(topic)?.endOffsets);
    if (ofTopic !== undefined) lag = (lag ?? 0) + ofTopic;
  }
  return lag;
}

/** On one topic. */
export function lagOn(committed: readonly number[], ends: readonly number[] | undefined): number | undefined {
  let lag: number | undefined;
  for (const [partition, offset] of committed.entries()) {
    const end = ends?.[partition] ?? -1;
    if (offset >= 0 && end >= 0) lag = (lag ?? 0) + Math.max(0, end - offset);
  }
  return lag;
}

/** Topics that some group reads just now: one of its members has it, or it has committed farther than before. */
export function consumedTopics(before: Groups, now: Groups): Set<string> {
  const topics = new Set<string>();
  for (const [name, { members, offsets }] of now) {
    for (const { assignment } of members) for (const topic of assignment.keys()) topics.add(topic);
    const last = before.get(name)?.offsets;
    if (last === undefined) continue;
    for (const [topic, committed] of offsets) {
      const known = last.get(topic);
      if (known === undefined || growth(known, committed) > 0) topics.add(topic);
    }
  }
  return topics;
}
