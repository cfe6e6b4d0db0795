/**
 * ListOffsets, versions 1 to 11. There is no tiered storage: the earliest local offset is the earliest, and there is no
 * latest tiered one.
 */
import { DiskError, isMillraceError } from '@millrace/base';
import { errorCodes, listOffsets as listOffsetsApi, type RequestOf, type ResponseDraft } from '@millrace/wire';
import type { Handler, RequestContext } from '../handler.ts';
import { findByTimestamp, findMaxTimestamp } from '../log/timestamp-search.ts';
import { leaderPartition } from '../partition-access.ts';
import { topicRefusal } from '../security/topic-permission.ts';
import type { Partition } from '../topics/partition.ts';

type Asked = RequestOf<typeof listOffsetsApi>['topics'][number]['partitions'][number];
type PartitionDraft = ResponseDraft<typeof listOffsetsApi>['topics'][number]['partitions'][number];

/** What counts as the end of a partition. */
type End = 'log' | 'replicated' | 'committed';

const readCommitted = 1;
/** Who asks for the leader's own end; brokers that ask as replicas take it from their fetches. */
const debuggingReplica = -2;
const latest = -1;
const earliest = -2;
const maxTimestamp = -3;
const earliestLocal = -4;
const latestTiered = -5;
const earliestPendingUpload = -6;
/** Timestamps that are questions, and from which version on. */
const questionVersions = new Map([
  [latest, 1],
  [earliest, 1],
  [maxTimestamp, 7],
  [earliestLocal, 8],
  [latestTiered, 9],
  [earliestPendingUpload, 11],
]);

export const listOffsets: Handler<typeof listOffsetsApi> = {
  api: listOffsetsApi,

  async handle(request, context) {
    const { replicaId, isolationLevel } = request;
    const end = replicaId === debuggingReplica ? 'log' : isolationLevel === readCommitted ? 'committed' : 'replicated';
    const topics = [];
    for (const { name, partitions } of request.topics) {
      const drafts: PartitionDraft[] = [];
      for (const asked of partitions) drafts.push(await find(context, name, asked, end));
      topics.push({ name, partitions: drafts });
    }
    return { topics };
  },
};

async function find(context: RequestContext, name: string, asked: Asked, end: End): Promise<PartitionDraft> {
  const { partitionIndex, currentLeaderEpoch, timestamp } = asked;
  const refused = (errorCode: number) => ({ partitionIndex, errorCode, timestamp: -1, offset: -1, leaderEpoch: -1 });
  const denied = topicRefusal(context, 'Describe', name);
  if (denied !== errorCodes.NONE) return refused(denied);
  if (timestamp < 0 && context.apiVersion < (questionVersions.get(timestamp) ?? Number.POSITIVE_INFINITY)) {
    return refused(errorCodes.UNSUPPORTED_VERSION);
  }
  const access = leaderPartition(context.broker, name, '', partitionIndex, currentLeaderEpoch);
  if (access.partition === undefined) return refused(access.errorCode);
  const { partition } = access;
  const found = await offsetOf(partition, timestamp, end).catch(searchErrorCode);
  if (typeof found === 'number') return refused(found);
  const leaderEpoch = found.offset < 0 ? -1 : partition.epochAt(found.offset);
  return { partitionIndex, errorCode: errorCodes.NONE, timestamp: found.timestamp, offset: found.offset, leaderEpoch };
}

function endOf({ log, highWatermark, lastStableOffset }: Partition, kind: End): number {
  if (kind === 'committed') return lastStableOffset;
  return kind === 'log' ? (log?.endOffset ?? highWatermark) : highWatermark;
}

/** What the client is told of a search that failed, at a batch whose records can't be decoded or at the disk. */
function searchErrorCode(error: unknown): number {
  if (!isMillraceError(error)) throw error;
  return error instanceof DiskError ? errorCodes.KAFKA_STORAGE_ERROR : errorCodes.CORRUPT_MESSAGE;
}

async function offsetOf(
  partition: Partition,
  timestamp: number,
  kind: End,
): Promise<{ timestamp: number; offset: number }> {
  const none = { timestamp: -1, offset: -1 };
  const end = endOf(partition, kind);
  if (timestamp === latest) return { timestamp: -1, offset: end };
  if (timestamp === earliest || timestamp === earliestLocal) return { timestamp: -1, offset: partition.startOffset };
  if (timestamp === latestTiered || timestamp === earliestPendingUpload) return none;
  const { log } = partition;
  if (log === undefined) return none;
  const found = timestamp === maxTimestamp ? await findMaxTimestamp(log) : await findByTimestamp(log, timestamp);
  return found !== undefined && found.offset < end ? found : none;
}
