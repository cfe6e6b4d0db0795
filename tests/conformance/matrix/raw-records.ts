/** Record batches as behaviours about the data path send and read them, in the form of single requests. */
import {
  type BuildOptions,
  fetch,
  produce,
  type RecordBatch,
  RecordBatchBuilder,
  type ResponseOf,
  readBatches,
} from '@millrace/wire';
import { errorName, type RawCluster, type RawConnection } from './raw-connection.ts';
import type { Scope } from './scope.ts';

export interface RawRecord {
  readonly key?: string | null;
  readonly value?: string | null;
  /** In ms; default now. */
  readonly timestamp?: number;
}

/** One batch; a text is the value of a record without key. */
export function batchOf(records: readonly (string | RawRecord)[], options: BuildOptions = {}): Uint8Array {
  const builder = new RecordBatchBuilder();
  for (const record of records) {
    const {
      key = null,
      value = null,
      timestamp = Date.now(),
    } = typeof record === 'string' ? { value: record } : record;
    builder.append(timestamp, key, value);
  }
  return new Uint8Array(builder.build(options));
}

export interface ProduceTarget {
  readonly partition?: number;
  /** Default -1. */
  readonly acks?: number;
  readonly transactionalId?: string;
}

/** The answer for the one partition. */
export type Produced = ResponseOf<typeof produce>['responses'][number]['partitionResponses'][number];

/** Sends the records of one partition to its leader; Kafka's rules for the newest version that names topics. */
export async function produceTo(
  leader: RawConnection,
  topic: string,
  records: Uint8Array | null,
  { partition = 0, acks = -1, transactionalId }: ProduceTarget = {},
): Promise<Produced> {
  const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }];
  const draft = { transactionalId: transactionalId ?? null, acks, timeoutMs: 30_000, topicData };
  const answer = (await leader.request(produce, 12, draft)).responses[0]?.partitionResponses[0];
  if (answer === undefined) throw new Error(`nothing was answered for ${topic}`);
  return answer;
}

/** The offset that records got, or the error and which records have it. */
export function fateOf({ errorCode, baseOffset, recordErrors }: Produced): unknown {
  if (errorCode === 0) return baseOffset;
  const records = recordErrors.map(({ batchIndex }) => batchIndex);
  return records.length === 0 ? errorName(errorCode) : [errorName(errorCode), records];
}

/** Kafka's name of what became of the records. */
export async function outcomeOfProduce(...words: Parameters<typeof produceTo>): Promise<string> {
  return errorName((await produceTo(...words)).errorCode);
}

/** A topic of one partition with records of these values, a batch each; and the connection to its leader. */
export async function topicWith(cluster: RawCluster, scope: Scope, values: readonly string[]) {
  const topic = await scope.createTopic();
  const leader = await cluster.leader(topic);
  for (const value of values) await outcomeOfProduce(leader, topic, batchOf([value]));
  return { topic, leader };
}

export interface FetchFrom {
  readonly partition?: number;
  readonly offset?: number;
  readonly isolation?: 'read_committed' | 'read_uncommitted';
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly partitionMaxBytes?: number;
  readonly currentLeaderEpoch?: number;
  readonly lastFetchedEpoch?: number;
}

/** The answer for the one partition. */
export type Fetched = ResponseOf<typeof fetch>['responses'][number]['partitions'][number];

/** The draft of a fetch of one partition outside of any session, in the newest version that names topics. */
export function fetchDraft(topic: string, from: FetchFrom = {}) {
  const { partition = 0, offset = 0, isolation, maxWaitMs = 0, minBytes = 1, maxBytes = 2 ** 26, ...rest } = from;
  const { partitionMaxBytes = 2 ** 20, currentLeaderEpoch = -1, lastFetchedEpoch = -1 } = rest;
  const asked = { partition, fetchOffset: offset, partitionMaxBytes, currentLeaderEpoch, lastFetchedEpoch };
  const isolationLevel = isolation === 'read_committed' ? 1 : 0;
  const topics = [{ topic, partitions: [asked] }];
  return {
    maxWaitMs,
    minBytes,
    maxBytes,
    isolationLevel,
    sessionId: 0,
    sessionEpoch: -1,
    topics,
    forgottenTopicsData: [],
  };
}

/** Fetches from one partition of its leader. */
export async function fetchFrom(leader: RawConnection, topic: string, from: FetchFrom = {}): Promise<Fetched> {
  const { errorCode, responses } = await leader.request(fetch, 12, fetchDraft(topic, from));
  const answer = responses[0]?.partitions[0];
  if (answer === undefined) throw new Error(`nothing was answered for ${topic}: ${errorName(errorCode)}`);
  return answer;
}

export function batchesIn({ records }: { readonly records: Uint8Array | null }): RecordBatch[] {
  return records === null ? [] : [...readBatches(records)];
}

/** Offset and value of each record, markers left out. */
export function valuesIn(fetched: { readonly records: Uint8Array | null }): string[] {
  return batchesIn(fetched)
    .filter((batch) => !batch.isControl)
    .flatMap((batch) => [...batch.records()].map((record) => `${record.offset} ${textOf(record.value)}`));
}

function textOf(bytes: Uint8Array | null): string {
  return bytes === null ? 'null' : Buffer.from(bytes).toString();
}
