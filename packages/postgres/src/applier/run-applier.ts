/**
 * Topics of change events applied to a target until it is stopped. Where each partition stands is kept by the target,
 * with what was applied; whatever fails, the target, the cluster or this process, the next try goes on from there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMillraceError, MillraceError, messageOf } from '@millrace/base';
import type { Client as KafkaClient, TopicPartition } from '@millrace/client';
import { unwrap } from '@millrace/client';
import { SchemaTopic } from './events/schema-topic.ts';
import { Lane, positionKey } from './lane.ts';
import type { ApplyTarget, StoredPosition, TellApplied } from './target.ts';
import type { WritingOptions } from './values/written-value.ts';

export interface ApplierOptions {
  readonly kafka: KafkaClient;
  /** Names of topics, with `*` for any characters; those that come later too. */
  readonly topics: readonly string[];
  readonly target: ApplyTarget;
  readonly writing?: WritingOptions | undefined;
  /** So many sessions of the target beside each other; a topic is always one session's. Default 2. */
  readonly sessions?: number | undefined;
  /**
   * A batch waits for more for up to so long, and takes up to so many changes and bytes. Default 50, 5,000 and 8 MiB.
   */
  readonly flushMs?: number | undefined;
  readonly changesMax?: number | undefined;
  readonly bytesMax?: number | undefined;
  /** How often it is looked for topics that are new. Default 2,000. */
  readonly topicsMs?: number | undefined;
  readonly report?: TellApplied | undefined;
}

/** What is asked for can't be applied. */
export class ApplierError extends MillraceError {
  readonly code = 'applier_invalid';
}

/** Failures that trying again does not mend, by their codes. */
const lasting = new Set(['applier_fenced', 'applier_invalid', 'target_refused', 'change_event_invalid']);
/** Classes of PostgreSQL's errors that say something of the statement or the data: the same try would end the same. */
const lastingStates = /^(22|23|42|0A)/;

/** Applies until the signal is aborted. Rejects where trying again can't help. */
export async function runApplier(options: ApplierOptions, signal: AbortSignal): Promise<void> {
  if (options.topics.length === 0) throw new ApplierError('name the topics to apply, for example "dbsync.shop.*"');
  for (let tries = 0; !signal.aborted; tries++) {
    const begun = performance.now();
    try {
      await applyOnce(options, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (isLasting(error)) throw error;
      if (performance.now() - begun > 30_000) tries = 0;
      const inMs = Math.min(200 * 2 ** tries, 5_000);
      options.report?.({ kind: 'retrying', why: messageOf(error), inMs });
      await sleep(inMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

function isLasting(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) return true;
  if (isMillraceError(error)) return lasting.has(error.code);
  const state = error instanceof Error && 'severity' in error && 'code' in error ? String(error.code) : '';
  return lastingStates.test(state);
}

/** Until it fails, is stopped, or there are other topics than when it began. */
async function applyOnce(options: ApplierOptions, signal: AbortSignal): Promise<void> {
  const { target, kafka, writing = {}, report = () => undefined } = options;
  const found = await findPartitions(options);
  if (found.data.length === 0) {
    await sleep(options.topicsMs ?? 2_000, undefined, { signal }).catch(() => undefined);
    return;
  }
  const stored = await target.positions();
  const from = await beginnings(kafka, found.data, stored);
  const lanes = lanesOf(found.data, options.sessions ?? 2);
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  const schemas = new SchemaTopic(kafka, found.schemas, writing);
  report({ kind: 'started', partitions: found.data.length, sessions: lanes.length });
  const running = [
    ...lanes.map((partitions) => runLane({ options, partitions, from, schemas, signal: ended })),
    schemas.follow(ended),
    untilTopicsChange(options, found, ended),
  ];
  try {
    // Each runs until it is stopped, but the last, which ends all.
    await Promise.race(running.filter((_, index) => index !== lanes.length).concat(failureOf(running)));
  } finally {
    stop.abort();
    await Promise.allSettled(running);
  }
}

function failureOf(running: readonly Promise<void>[]): Promise<void> {
  return new Promise((_, reject) => {
    for (const each of running) each.catch(reject);
  });
}

interface FoundTopics {
  readonly data: readonly TopicPartition[];
  readonly schemas: readonly string[];
}

/** Beside tables' topics there are those of schema changes, of markers of transactions and of heartbeats. */
const schemaTopic = /\.schema-changes$/;
const otherTopic = /(\.transaction$|^__debezium-heartbeat\.|^millrace\.)/;

async function findPartitions({ kafka, topics }: ApplierOptions): Promise<FoundTopics> {
  await using admin = kafka.admin();
  const patterns = topics.map(
    (topic) => new RegExp(`^${topic.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`),
  );
  const names = (await admin.listTopics())
    .map(({ topic }) => topic)
    .filter((topic) => patterns.some((p) => p.test(topic)));
  const described = unwrap(await admin.describeTopics(names.filter((topic) => !otherTopic.test(topic))));
  const data = described
    .filter(({ topic }) => !schemaTopic.test(topic))
    .flatMap(({ topic, partitions }) => partitions.map(({ partition }) => ({ topic, partition })))
    .sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition));
  return { data, schemas: names.filter((topic) => schemaTopic.test(topic)).sort() };
}

async function untilTopicsChange(options: ApplierOptions, found: FoundTopics, signal: AbortSignal): Promise<void> {
  const begun = JSON.stringify(found);
  while (!signal.aborted) {
    await sleep(options.topicsMs ?? 2_000, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted && JSON.stringify(await findPartitions(options)) !== begun) return;
  }
}

/** What is stored, else where the partition begins. */
async function beginnings(
  kafka: KafkaClient,
  partitions: readonly TopicPartition[],
  stored: readonly StoredPosition[],
): Promise<ReadonlyMap<string, number>> {
  const from = new Map(stored.map((each) => [positionKey(each), each.offset]));
  const unknown = partitions.filter((each) => !from.has(positionKey(each)));
  if (unknown.length === 0) return from;
  await using admin = kafka.admin();
  for (const each of unwrap(await admin.listOffsets(unknown.map((one) => ({ ...one, at: 'earliest' as const }))))) {
    from.set(positionKey(each), each.offset);
  }
  return from;
}

/** Each topic's partitions to one lane, the lanes equally many topics. */
function lanesOf(partitions: readonly TopicPartition[], sessions: number): TopicPartition[][] {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const lanes = Array.from({ length: Math.min(sessions, topics.length) }, (): TopicPartition[] => []);
  for (const each of partitions) lanes[topics.indexOf(each.topic) % lanes.length]?.push(each);
  return lanes;
}

async function runLane(parts: {
  readonly options: ApplierOptions;
  readonly partitions: readonly TopicPartition[];
  readonly from: ReadonlyMap<string, number>;
  readonly schemas: SchemaTopic;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { options, partitions, from, schemas, signal } = parts;
  const { kafka, target, flushMs = 50, changesMax = 5_000, bytesMax = 8 * 2 ** 20, report = () => undefined } = options;
  const session = await target.session();
  try {
    await using consumer = kafka.consumer({
      assign: partitions.map(({ topic, partition }) => ({
        ...{ topic, partition },
        offset: from.get(positionKey({ topic, partition })) ?? 0,
      })),
      from: 'none',
      isolation: 'read_committed',
      fetchWaitMs: 100,
    });
    await new Lane({ consumer, session, schemas, tell: report, signal, from, flushMs, changesMax, bytesMax }).run();
  } finally {
    await session.close();
  }
}
