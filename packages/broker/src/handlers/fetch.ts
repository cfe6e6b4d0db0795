/**
 * Fetch, versions 4 to 18. Sessions from version 7 on, topic ids from 13 on. Followers do not fetch, so replica ids
 * are ignored; and since every record is readable only once it is written, the last stable offset is the
 * high watermark.
 */
import { errorCodes, type FetchRequest, fetch as fetchApi, type ResponseDraft } from '@millrace/wire';
import { type CurrentLeader, currentLeader, endpointsOf } from '../current-leader.ts';
import { openPartition } from '../fetch/fetch-access.ts';
import type { FetchSession, FetchTarget, SessionPartition } from '../fetch/fetch-sessions.ts';
import type { PartitionFetch } from '../fetch/partition-fetch.ts';
import { PendingFetch } from '../fetch/pending-fetch.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { topicRefusal } from '../security/topic-permission.ts';

type Draft = ResponseDraft<typeof fetchApi>;
type TopicDraft = NonNullable<Draft['responses']>[number];
type PartitionDraft = NonNullable<TopicDraft['partitions']>[number];

const readCommitted = 1;
/** From this version on a client is told who leads instead. */
const leaderVersion = 16;

export const fetch: Handler<typeof fetchApi> = {
  api: fetchApi,

  handle(request, context) {
    const { cluster } = context.broker;
    const session = cluster.fetchSessions.resolve(sessionRequest(request));
    if (typeof session === 'number') return { errorCode: session, sessionId: 0, responses: [] };
    const fetches = [...session.partitions.values()].map((partition) => open(partition, request, context));
    const bytesMax = Math.min(
      request.maxBytes,
      cluster.configuration.number('fetch.max.bytes'),
      cluster.quotas.fetchBytesMax(context),
    );
    const pending = new PendingFetch(
      fetches,
      {
        bytesMin: Math.min(request.minBytes, bytesMax),
        bytesMax,
        waitMs: request.maxWaitMs,
        committedOnly: request.isolationLevel === readCommitted,
      },
      cluster.platform.timers,
      context.connection,
      context.room,
    );
    const finish = (): Draft => throttled(context, session, fetches) ?? answer(request, session, fetches, context);
    const running = pending.run();
    return running === undefined ? finish() : running.then(finish);
  },
};

/** An answer without records for a client that reads more than its quota, or undefined. */
function throttled(
  context: RequestContext,
  session: FetchSession,
  fetches: readonly PartitionFetch[],
): Draft | undefined {
  const { fetchSessions, quotas } = context.broker.cluster;
  if (!quotas.limitsFetch) return undefined;
  let bytes = 0;
  for (const { chunks } of fetches) for (const chunk of chunks) bytes += chunk.length;
  const throttleTimeMs = quotas.fetched(context, bytes);
  if (throttleTimeMs === 0) return undefined;
  context.connection.throttle(throttleTimeMs);
  if (session.incremental) return { throttleTimeMs, errorCode: 0, sessionId: session.id, responses: [] };
  // Its client has been told of no partition, so it begins again.
  fetchSessions.forget(session.id);
  return { throttleTimeMs, errorCode: 0, sessionId: 0, responses: [] };
}

function open(session: SessionPartition, { rackId }: FetchRequest, context: RequestContext): PartitionFetch {
  const { topic, topicId } = session.target;
  const denied = topicRefusal(context, 'Read', topic, topicId);
  if (denied !== errorCodes.NONE) return { session, partition: undefined, errorCode: denied, chunks: [] };
  return openPartition(session, context.broker, context.apiVersion, rackId);
}

function sessionRequest(request: FetchRequest) {
  const targets: FetchTarget[] = [];
  for (const topic of request.topics) {
    for (const partition of topic.partitions) {
      targets.push({
        topic: topic.topic,
        topicId: topic.topicId,
        partition: partition.partition,
        fetchOffset: partition.fetchOffset,
        bytesMax: partition.partitionMaxBytes,
        leaderEpoch: partition.currentLeaderEpoch,
        lastFetchedEpoch: partition.lastFetchedEpoch,
      });
    }
  }
  const forgotten = request.forgottenTopicsData.flatMap(({ topic, topicId, partitions }) =>
    partitions.map((partition) => ({ topic, topicId, partition })),
  );
  return { sessionId: request.sessionId, sessionEpoch: request.sessionEpoch, targets, forgotten };
}

function answer(
  request: FetchRequest,
  session: FetchSession,
  fetches: readonly PartitionFetch[],
  context: RequestContext,
): Draft {
  const leaders: CurrentLeader[] = [];
  const topics = new Map<string, { topic: string; topicId: string; partitions: PartitionDraft[] }>();
  for (const fetch of fetches) {
    const leader = context.apiVersion < leaderVersion ? undefined : leaderOf(fetch, context);
    const draft = partitionDraft(request, fetch, leader);
    if (session.incremental && !isNews(fetch.session, draft, fetch)) continue;
    remember(session, fetch, draft);
    if (leader !== undefined) leaders.push(leader);
    const { topic, topicId } = fetch.session.target;
    const key = topic || topicId;
    const entry = topics.get(key);
    if (entry === undefined) topics.set(key, { topic, topicId, partitions: [draft] });
    else entry.partitions.push(draft);
  }
  const responses = [...topics.values()];
  if (leaders.length === 0) return { errorCode: 0, sessionId: session.id, responses };
  return { errorCode: 0, sessionId: session.id, responses, nodeEndpoints: endpointsOf(leaders, context) };
}

function leaderOf({ session, errorCode }: PartitionFetch, { broker }: RequestContext): CurrentLeader | undefined {
  if (errorCode === errorCodes.NONE) return undefined;
  const { topic, topicId, partition } = session.target;
  return currentLeader(broker, { name: topic, topicId, index: partition }, errorCode);
}

function partitionDraft(
  request: FetchRequest,
  fetch: PartitionFetch,
  leader: CurrentLeader | undefined,
): PartitionDraft {
  const { partition, errorCode, chunks } = fetch;
  const highWatermark = errorCode === 0 ? (partition?.highWatermark ?? -1) : -1;
  return {
    partitionIndex: fetch.session.target.partition,
    errorCode,
    highWatermark,
    lastStableOffset: errorCode === 0 ? (partition?.lastStableOffset ?? -1) : -1,
    logStartOffset: errorCode === 0 ? (partition?.startOffset ?? -1) : -1,
    abortedTransactions: request.isolationLevel === readCommitted ? (fetch.aborted ?? []) : null,
    ...(fetch.diverging && { divergingEpoch: fetch.diverging }),
    ...(leader && { currentLeader: leader }),
    ...(fetch.preferredReplica !== undefined && { preferredReadReplica: fetch.preferredReplica }),
    records: errorCode === 0 ? chunks : [],
  };
}

/** Whether an incremental answer must name the partition. */
function isNews(known: SessionPartition, draft: PartitionDraft, fetch: PartitionFetch): boolean {
  return (
    fetch.chunks.length > 0 ||
    fetch.diverging !== undefined ||
    fetch.preferredReplica !== undefined ||
    draft.errorCode !== 0 ||
    known.errorCode !== 0 ||
    known.highWatermark !== draft.highWatermark ||
    known.startOffset !== draft.logStartOffset
  );
}

/** Notes what the consumer is told, and serves partitions that had data last the next time, so that none starves. */
function remember(session: FetchSession, fetch: PartitionFetch, draft: PartitionDraft): void {
  const known = fetch.session;
  known.errorCode = draft.errorCode ?? 0;
  known.highWatermark = draft.highWatermark;
  known.startOffset = draft.logStartOffset ?? -1;
  // The next request of the session may have forgotten it while this one waited.
  if (fetch.chunks.length === 0 || session.partitions.get(known.key) !== known) return;
  session.partitions.delete(known.key);
  session.partitions.set(known.key, known);
}
