/** What a mirror is like, as its two clusters tell it, whether or not any of its workers runs. Nothing here is I/O. */
import type { TopicPartition } from '@millrace/client';
import type { Guarantee } from '../copy/guarantee.ts';
import { isFailedOver, type TopicFailover, wholeMirror } from '../failover/failover-record.ts';
import type { Losses } from '../offset-map/losses.ts';
import type { Standstill } from '../offset-map/standstill.ts';
import { failoverNotes } from './failover-notes.ts';
import { lossNotes } from './loss-notes.ts';
import { standstillNotes } from './standstill-notes.ts';

/** A member of the group by which the workers share the mirror. */
export interface WorkerState {
  readonly worker: string;
  readonly member: string;
  readonly clientId: string;
  readonly host: string;
  /** Numbers of its shards, ascending; undefined while the workers share them anew. */
  readonly shards: readonly number[] | undefined;
  /** Of those that were begun; undefined likewise. */
  readonly partitions: number | undefined;
}

export interface PartitionState {
  readonly partition: number;
  readonly shard: number;
  /** The worker that has it now; undefined without one. */
  readonly worker: string | undefined;
  /** All records before are in the target, or passed over; told every second or so. */
  readonly copiedUpTo: number;
  /** Where the next record comes to lie. */
  readonly targetOffset: number;
  /** Behind the last record of the source that can be read; undefined when the source does not tell. */
  readonly sourceEnd: number | undefined;
  /** Source offsets that are still to be copied or passed over. */
  readonly lag: number | undefined;
  /** As the status of a worker has it; undefined where it was not asked for. */
  readonly lagMs: number | undefined;
  /** What was never copied and will not be; undefined where nothing was lost. */
  readonly losses: Losses | undefined;
  /** Why nothing more is copied, as the worker wrote down that has it, or had it last; undefined while it goes on. */
  readonly standstill: Standstill | undefined;
  readonly state: 'up to date' | 'behind' | 'stopped' | 'no worker' | 'unknown' | 'failed over' | 'gone';
}

export interface TopicState {
  readonly topic: string;
  readonly targetTopic: string;
  /** Of all partitions that the source told of. */
  readonly lag: number;
  /** Of the one that is farthest behind. */
  readonly lagMs: number | undefined;
  readonly partitions: readonly PartitionState[];
}

export interface MirrorState {
  readonly mirror: string;
  /** When it was like this, in ms since 1970. */
  readonly at: number;
  readonly shards: number;
  /** As it was last copied with, of any partition the lower. */
  readonly guarantee: Guarantee;
  readonly workers: readonly WorkerState[];
  /** Those of which anything was begun, names ascending, partitions ascending. */
  readonly topics: readonly TopicState[];
  /** What became of failovers and what comes next, a sentence each. */
  readonly failovers: readonly string[];
  /** What was passed over for good, a sentence for each partition. */
  readonly losses: readonly string[];
  /** What is no problem, and good to know, a sentence each. */
  readonly notes: readonly string[];
  /** What is not as it should be, likewise. */
  readonly problems: readonly string[];
}

export interface FoundPartition extends TopicPartition {
  readonly shard: number;
  readonly guarantee: Guarantee;
  readonly confirmed: { readonly source: number; readonly target: number };
  readonly losses?: Losses | undefined;
  readonly standstill?: Standstill | undefined;
  readonly sourceEnd: number | undefined;
  /** Why the source does not tell its end. */
  readonly problem: string | undefined;
  /** The source has no such partition, or does not show it. */
  readonly isGone?: boolean | undefined;
  /** Since when the oldest batch waits that is not copied, in ms since 1970. */
  readonly uncopiedSince: number | undefined;
}

export type FoundWorker = Omit<WorkerState, 'partitions'>;

/** What was found on the two clusters. */
export interface Findings {
  readonly mirror: string;
  readonly now: number;
  readonly shards: number;
  readonly workers: readonly FoundWorker[];
  readonly partitions: readonly FoundPartition[];
  /** How many partitions topics have on the source, as far as it told. */
  readonly sourcePartitions: ReadonlyMap<string, number>;
  readonly targetTopicOf: (topic: string) => string;
  /** What the target says of failovers. */
  readonly failovers: ReadonlyMap<string, TopicFailover>;
}

/** So many places a sentence names before it only counts. */
const namedMax = 5;

export function mirrorState(findings: Findings): MirrorState {
  const { mirror, now, shards, workers, partitions, targetTopicOf, failovers } = findings;
  const owners = new Map(workers.flatMap(({ worker, shards: has }) => (has ?? []).map((shard) => [shard, worker])));
  const byTopic = new Map<string, PartitionState[]>();
  for (const found of partitions) {
    const states = byTopic.get(found.topic) ?? [];
    byTopic.set(found.topic, states);
    const isOver = isFailedOver(failovers.get(found.topic)) || isFailedOver(failovers.get(wholeMirror));
    states.push(partitionState(found, owners.get(found.shard), workers, now, isOver));
  }
  const topics = [...byTopic]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([topic, states]) => topicState(topic, targetTopicOf(topic), states));
  return {
    mirror,
    at: now,
    shards,
    guarantee: partitions.some(({ guarantee }) => guarantee === 'at-least-once') ? 'at-least-once' : 'exactly-once',
    workers: workers.map((each) => {
      const has = each.shards && partitions.filter(({ shard }) => each.shards?.includes(shard)).length;
      return { ...each, partitions: has };
    }),
    topics,
    failovers: failoverNotes(mirror, [...failovers.values()]).notes,
    losses: topics.flatMap(lossNotes),
    notes: topics.flatMap(goneNote),
    problems: problemsOf(findings, topics),
  };
}

function goneNote({ topic, targetTopic, partitions }: TopicState): string[] {
  const gone = partitions.filter(({ state }) => state === 'gone');
  if (gone.length === 0) return [];
  const which = gone.length === partitions.length ? topic : `${gone.length} partitions of ${topic}`;
  return [`the source has no ${which} any more, or hides it from who logs in there: what ${targetTopic} holds stays`];
}

function partitionState(
  { partition, shard, confirmed, sourceEnd, uncopiedSince, losses, standstill, isGone = false }: FoundPartition,
  worker: string | undefined,
  workers: readonly FoundWorker[],
  now: number,
  isOver: boolean,
): PartitionState {
  const lag = sourceEnd === undefined ? undefined : Math.max(0, sourceEnd - confirmed.source);
  const age = uncopiedSince === undefined ? undefined : Math.max(0, now - uncopiedSince);
  const isShared = workers.every(({ shards }) => shards !== undefined);
  const progress = lag === undefined ? 'unknown' : lag === 0 ? 'up to date' : 'behind';
  const going = standstill === undefined ? progress : 'stopped';
  const state = isGone ? 'gone' : worker === undefined && isShared ? 'no worker' : going;
  return {
    partition,
    shard,
    worker,
    copiedUpTo: confirmed.source,
    targetOffset: confirmed.target,
    sourceEnd,
    lag,
    lagMs: lag === 0 ? 0 : age,
    losses,
    standstill: isOver || isGone ? undefined : standstill,
    state: isOver ? 'failed over' : state,
  };
}

function topicState(topic: string, targetTopic: string, states: readonly PartitionState[]): TopicState {
  const partitions = [...states].sort((left, right) => left.partition - right.partition);
  const ages = partitions.flatMap(({ lagMs }) => lagMs ?? []);
  return {
    topic,
    targetTopic,
    lag: partitions.reduce((sum, { lag = 0 }) => sum + lag, 0),
    lagMs: ages.length === 0 ? undefined : Math.max(...ages),
    partitions,
  };
}

function problemsOf(findings: Findings, topics: readonly TopicState[]): string[] {
  const { mirror, workers, partitions, sourcePartitions, failovers } = findings;
  const problems = [...failoverNotes(mirror, [...failovers.values()]).problems];
  const isAllOver = topics.every((topic) => topic.partitions.every(({ state }) => state === 'failed over'));
  if (workers.length === 0 && (topics.length === 0 || !isAllOver)) {
    problems.push('no worker runs, so that nothing is copied: start one with `millrace mirror run`');
  } else {
    const orphans = topics.flatMap(({ topic, partitions: all }) =>
      all.filter(({ state }) => state === 'no worker').map(({ partition }) => `${topic} [${partition}]`),
    );
    if (orphans.length > 0) {
      problems.push(`no worker has ${listed(orphans)}: the workers share them anew within seconds as a rule`);
    }
  }
  problems.push(...topics.flatMap(standstillNotes));
  if (partitions.length === 0) problems.push('nothing was begun to be copied yet');
  for (const { topic, partitions: begun } of topics) {
    const there = sourcePartitions.get(topic) ?? begun.length;
    const isOver = begun.every(({ state }) => state === 'failed over');
    if (there > begun.length && !isOver)
      problems.push(`${topic} has ${there} partitions, of which ${begun.length} were begun`);
  }
  const unknown = new Map<string, string[]>();
  for (const { topic, partition, problem } of partitions) {
    if (problem !== undefined) unknown.set(problem, [...(unknown.get(problem) ?? []), `${topic} [${partition}]`]);
  }
  for (const [problem, places] of unknown) {
    problems.push(`the source does not tell where ${listed(places)} ends: ${problem}`);
  }
  return problems;
}

function listed(places: readonly string[]): string {
  const named = places.slice(0, namedMax).join(', ');
  return places.length > namedMax ? `${named} and ${places.length - namedMax} more` : named;
}
