/** Reads a partition's log as it lies there: whole batches, those of aborted transactions and markers among them. */
import { MillraceError } from '@millrace/base';
import type { TopicPartition } from '@millrace/client';
import { answerError, type CallBounds, type Cluster, resolveOffsets } from '@millrace/client/protocol';
import { batchHeader, errorCodes, fetch, KafkaError, type RecordBatch, readBatches } from '@millrace/wire';

/** A log ends before an offset from which it was to be read: it lost its end, or its leader lags behind. */
export class LogEndsBeforeError extends MillraceError {
  readonly code = 'log_ends_before';
  override readonly retriable = true;

  constructor({ topic, partition }: TopicPartition, offset: number, end: number) {
    super(`${topic} [${partition}] ends at offset ${end}, before ${offset}, which it had`);
  }
}

/** Nothing comes to a log any more to which something is due: it may have lost that. */
export class LogSilentError extends MillraceError {
  readonly code = 'log_silent';
  override readonly retriable = true;

  constructor({ topic, partition }: TopicPartition, offset: number, silentMs: number) {
    super(`nothing came to ${topic} [${partition}] at offset ${offset} for ${silentMs} ms, where a marker was due`);
  }
}

/** So long a marker may take that was asked for, once all that lies before it is read. */
export const markerMsMax = 30_000;
const fetchBytes = 4 * 1024 * 1024;
const waitMs = 500;
/** From version 13 on topics are named by id. */
const fetchVersionMax = 12;

/**
 * The batches from offset `from` on, or from the log's start where that lies behind it, without end: it waits for what
 * comes. The first batch may begin before `from`. A batch's bytes are valid until the next one is asked for. Rejects
 * with `KafkaError`, `LogEndsBeforeError`, `LogSilentError` when nothing has come for `silentMsMax`, or a retriable
 * error when the leader can't be asked within the bounds, which hold for each fetch.
 */
export async function* scanLog(
  cluster: Cluster,
  place: TopicPartition,
  from: number,
  bounds: CallBounds,
  silentMsMax = Number.POSITIVE_INFINITY,
): AsyncGenerator<RecordBatch, never> {
  const { clock } = cluster.settings.platform;
  let heardAt = clock.monotonic();
  let offset = Math.max(from, await boundOf(cluster, place, 'earliest', bounds));
  for (;;) {
    const records = await fetchOnce(cluster, place, offset, bounds);
    if (records === undefined) {
      // Retention may have moved the start on meanwhile.
      const start = await boundOf(cluster, place, 'earliest', bounds);
      const end = await boundOf(cluster, place, 'latest', bounds);
      if (end < offset) throw new LogEndsBeforeError(place, offset, end);
      offset = Math.max(offset, start);
    } else {
      for (const batch of readBatches(records)) {
        if (batch.lastOffset < offset) continue;
        yield batch;
        offset = batch.lastOffset + 1;
        heardAt = clock.monotonic();
      }
      if (clock.monotonic() - heardAt > silentMsMax) throw new LogSilentError(place, offset, silentMsMax);
    }
  }
}

/** Where a partition's log starts, or ends. Rejects with `KafkaError`, or a retriable error within the bounds. */
export async function boundOf(
  cluster: Cluster,
  place: TopicPartition,
  at: 'earliest' | 'latest',
  bounds: CallBounds,
): Promise<number> {
  const [result] = await resolveOffsets(cluster, [{ ...place, at }], bounds);
  if (result === undefined) throw answerError(errorCodes.UNKNOWN_SERVER_ERROR, `look up an offset of ${place.topic}`);
  if (result.error !== undefined) throw result.error;
  return result.value.offset;
}

/**
 * The newest time in the batch that lies at an offset, or next behind it, in ms since 1970; undefined where there is no
 * such batch, and where it has no time or is of a format from before Kafka 0.11. Rejects as `boundOf` does.
 */
export async function timeAt(
  cluster: Cluster,
  place: TopicPartition,
  offset: number,
  bounds: CallBounds,
): Promise<number | undefined> {
  // Brokers give the first batch whole, however little is asked for.
  const records = await fetchOnce(cluster, place, offset, bounds, { bytesMax: 1, waitMs: 0 });
  if (records === undefined || records.length < batchHeader.batchHeaderBytes) return undefined;
  if (batchHeader.magic(records, 0) !== 2) return undefined;
  const time = batchHeader.maxTimestamp(records, 0);
  return time < 0 ? undefined : time;
}

interface FetchManner {
  readonly bytesMax: number;
  readonly waitMs: number;
}

/** What lies at an offset; undefined when that is out of the log's range. */
function fetchOnce(
  cluster: Cluster,
  { topic, partition }: TopicPartition,
  offset: number,
  bounds: CallBounds,
  manner: FetchManner = { bytesMax: fetchBytes, waitMs },
): Promise<Uint8Array | undefined> {
  const action = `read ${topic} [${partition}] at ${offset}`;
  return cluster.retrying(bounds, async () => {
    const { partitions } = await cluster.metadata.topic(topic, false, bounds);
    const leader = partitions[partition]?.leader ?? -1;
    const answer = leader < 0 ? undefined : await askLeader(cluster, leader, topic, partition, offset, manner);
    const errorCode = answer === undefined ? errorCodes.LEADER_NOT_AVAILABLE : answer.errorCode;
    if (errorCode === errorCodes.OFFSET_OUT_OF_RANGE) return undefined;
    if (errorCode === 0) return answer?.records ?? new Uint8Array(0);
    await cluster.metadata.refresh([topic]);
    throw new KafkaError(errorCode, action);
  });
}

async function askLeader(
  cluster: Cluster,
  leader: number,
  topic: string,
  partition: number,
  offset: number,
  { bytesMax, waitMs: maxWaitMs }: FetchManner,
): Promise<{ readonly errorCode: number; readonly records: Uint8Array | null }> {
  const connection = await cluster.pool.connect(leader, 'scan');
  const draft = {
    maxWaitMs,
    minBytes: 1,
    maxBytes: bytesMax,
    topics: [{ topic, partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: bytesMax }] }],
  };
  const response = await connection.request(fetch, draft, { versionMax: fetchVersionMax });
  const answer = response.responses[0]?.partitions[0];
  if (response.errorCode !== 0 || answer === undefined) {
    return { errorCode: response.errorCode || errorCodes.UNKNOWN_SERVER_ERROR, records: null };
  }
  return answer;
}
