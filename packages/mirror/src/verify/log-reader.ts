/**
 * Reads what a partition holds between two offsets, fetch by fetch, with the next fetch under way while one is looked
 * at. Batches of aborted transactions (when reading committed records) and control batches are left out; nothing is
 * decoded here.
 */
import { isMillraceError, messageOf } from '@millrace/base';
import { AbortedRanges, type CallBounds, type Cluster, resolveOffsets } from '@millrace/client/protocol';
import {
  decompressedBytesMaxDefault,
  errorCodes,
  type FetchResponse,
  fetch,
  KafkaError,
  type RecordBatch,
  readBatches,
} from '@millrace/wire';
import { upgradeChunk } from '../batches/upgrade-chunk.ts';
import type { BatchFilter } from './batch-filter.ts';
import { type VerifiedPlace, VerifyError } from './verify-error.ts';

const fetchBytes = 4 * 1024 * 1024;
const waitMs = 200;
/** From version 13 on topics are named by id. */
const fetchVersionMax = 12;

export type Isolation = 'read_committed' | 'read_uncommitted';

/** A partition's log on one side, and how it is read. */
export interface ReadLog extends VerifiedPlace {
  readonly cluster: Cluster;
  readonly isolation: Isolation;
  readonly bounds: CallBounds;
  /** Which batches are left out; none by default. */
  readonly filter?: BatchFilter | undefined;
}

/** What one fetch brought: batches, or the news that retention removed what lies before `next`. */
export interface LogPiece {
  readonly batches: readonly RecordBatch[];
  readonly isLost: boolean;
  /** Where reading goes on. */
  readonly next: number;
}

type Answer = FetchResponse['responses'][number]['partitions'][number];

/** Where a log starts, or ends for its reader. Rejects with `KafkaError`, or what keeps the leader from being asked. */
export async function boundOf(log: ReadLog, at: 'earliest' | 'latest'): Promise<number> {
  const { cluster, topic, partition, bounds } = log;
  const [result] = await resolveOffsets(cluster, [{ topic, partition, at }], bounds, isolationLevel(log));
  if (result === undefined || result.error !== undefined) {
    throw result?.error ?? new KafkaError(errorCodes.UNKNOWN_SERVER_ERROR, `look up an offset of ${topic}`);
  }
  return result.value.offset;
}

/** The pieces from `from` up to `to`, which must not lie behind the log's end for its reader. */
export async function* readLog(log: ReadLog, from: number, to: number): AsyncGenerator<LogPiece, undefined> {
  let next = from;
  let coming = next < to ? nextPiece(log, next, to) : undefined;
  try {
    while (coming !== undefined) {
      const piece: LogPiece = await coming;
      next = piece.next;
      coming = next < to ? nextPiece(log, next, to) : undefined;
      yield piece;
    }
  } finally {
    // Nobody waits any more for what is under way.
    coming?.catch(() => undefined);
  }
}

/** Fetches until there is something; rejects with `VerifyError` when there is nothing for as long as a call takes. */
async function nextPiece(log: ReadLog, from: number, to: number): Promise<LogPiece> {
  const { cluster, bounds } = log;
  const { clock } = cluster.settings.platform;
  const deadline = clock.monotonic() + (bounds.timeoutMs ?? cluster.settings.callTimeoutMs);
  for (;;) {
    const answer = await fetchOnce(log, from);
    if (answer === undefined) return lost(log, from, to);
    const found = await batchesIn(answer, log, from);
    await log.filter?.prepare(found[0]?.bytes ?? new Uint8Array(0));
    const piece = pieceOf(answer, found, from, log);
    if (piece.next > from) return piece;
    if (clock.monotonic() > deadline) {
      throw new VerifyError('verify_stalled', log, from, `the leader gives no records before ${to}; try again later`);
    }
  }
}

function pieceOf(answer: Answer, found: readonly RecordBatch[], from: number, log: ReadLog): LogPiece {
  const { isolation, filter } = log;
  const aborted = new AbortedRanges(isolation === 'read_committed' ? (answer.abortedTransactions ?? []) : []);
  const batches: RecordBatch[] = [];
  let next = from;
  for (const batch of found) {
    const isHidden = aborted.hides(batch);
    if (batch.lastOffset < from) continue;
    next = batch.lastOffset + 1;
    if (!isHidden && batch.recordCount > 0 && filter?.isLeftOut(batch) !== true) batches.push(batch);
  }
  return { batches, isLost: false, next };
}

/** The whole batches of an answer; messages from before format v2 are rewritten. */
async function batchesIn({ records }: Answer, log: ReadLog, from: number): Promise<RecordBatch[]> {
  if (records === null) return [];
  try {
    return [...readBatches(records)];
  } catch (error) {
    if (isMillraceError(error, 'unsupported_record_format')) {
      const upgraded = await upgradeChunk(records, decompressedBytesMaxDefault);
      if (upgraded.bytes.length > 0) return [...readBatches(upgraded.bytes)];
    }
    throw new VerifyError('verify_unreadable', log, from, messageOf(error), error);
  }
}

async function lost(log: ReadLog, from: number, to: number): Promise<LogPiece> {
  const start = await boundOf(log, 'earliest');
  if (start > from) return { batches: [], isLost: true, next: Math.min(start, to) };
  const end = await boundOf(log, 'latest');
  const problem = `the log ends at ${end} and reached ${to} before, so it was truncated; compare again`;
  throw new VerifyError('verify_log_changed', log, from, problem);
}

/** What lies at an offset; undefined when that is out of the log's range. */
function fetchOnce(log: ReadLog, offset: number): Promise<Answer | undefined> {
  const { cluster, topic, partition, bounds } = log;
  return cluster.retrying(bounds, async () => {
    const { partitions } = await cluster.metadata.topic(topic, false, bounds);
    const leader = partitions[partition]?.leader ?? -1;
    const answer = leader < 0 ? undefined : await askLeader(log, leader, offset);
    const errorCode = answer === undefined ? errorCodes.LEADER_NOT_AVAILABLE : answer.errorCode;
    if (errorCode === errorCodes.OFFSET_OUT_OF_RANGE) return undefined;
    if (errorCode === 0) return answer;
    await cluster.metadata.refresh([topic]);
    throw new KafkaError(errorCode, `read ${topic} [${partition}] at ${offset}`);
  });
}

async function askLeader(log: ReadLog, leader: number, offset: number): Promise<Answer> {
  const connection = await log.cluster.pool.connect(leader, 'verify');
  const { topic, partition } = log;
  const response = await connection.request(
    fetch,
    {
      maxWaitMs: waitMs,
      minBytes: 1,
      maxBytes: fetchBytes,
      isolationLevel: isolationLevel(log),
      topics: [{ topic, partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: fetchBytes }] }],
    },
    { versionMax: fetchVersionMax },
  );
  const answer = response.responses[0]?.partitions[0];
  if (response.errorCode !== 0 || answer === undefined) {
    const errorCode = response.errorCode || errorCodes.UNKNOWN_SERVER_ERROR;
    throw new KafkaError(errorCode, `read ${topic} [${partition}] at ${offset}`);
  }
  return answer;
}

function isolationLevel({ isolation }: ReadLog): 0 | 1 {
  return isolation === 'read_committed' ? 1 : 0;
}
