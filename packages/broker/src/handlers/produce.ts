/**
 * Produce, versions 3 to 13, advertised from 0 on because librdkafka compresses with snappy and lz4 only for a broker
 * that does; a version below 3 is refused like any unknown one. There is one copy of the data: acks -1 differs from 1
 * in that it needs `min.insync.replicas` replicas in sync, and NOT_ENOUGH_REPLICAS_AFTER_APPEND does not occur.
 */
import { isMillraceError, MillraceError } from '@millrace/base';
import { errorCodes, errorRow, type ProduceRequest, produce as produceApi, type ResponseDraft } from '@millrace/wire';
import { type CurrentLeader, currentLeader, endpointsOf } from '../current-leader.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { stampAppendTime, withoutAppendTime } from '../log/append-time.ts';
import { type RecordError, refusalOf } from '../log/batch-validation.ts';
import { type ProducerBatch, producerBatchAt } from '../log/producer-batch.ts';
import { recompressed } from '../log/recompress.ts';
import type { WriteOutcome } from '../log/write-group.ts';
import { leaderPartition } from '../partition-access.ts';
import { topicRefusal } from '../security/topic-permission.ts';
import type { Partition } from '../topics/partition.ts';
import { enterTransaction } from '../transactions/produce-admission.ts';

type Draft = ResponseDraft<typeof produceApi>;
type TopicDraft = NonNullable<Draft['responses']>[number];
type PartitionDraft = NonNullable<TopicDraft['partitionResponses']>[number];

/** The answer for one partition, and what must be written before it may be sent. */
interface Appended {
  readonly draft: PartitionDraft;
  readonly written: Promise<WriteOutcome> | undefined;
}

type Topics = readonly {
  readonly name: string;
  readonly topicId: string;
  readonly appended: readonly (Appended | Promise<Appended>)[];
}[];

/** From this version on a client is told who leads instead. */
const leaderVersion = 10;

export const produce: Handler<typeof produceApi> = {
  api: produceApi,
  advertised: '0-13',
  keepsNoBytes: true,

  handle(request, context) {
    const { acks } = request;
    const validAcks = acks === -1 || acks === 0 || acks === 1;
    const topics = request.topicData.map(({ name, topicId, partitionData }) => ({
      name,
      topicId,
      appended: partitionData.map(({ index, records }) =>
        validAcks
          ? append(context, request, name, topicId, index, records)
          : refused(index, errorCodes.INVALID_REQUIRED_ACKS, 'acks must be -1, 0 or 1'),
      ),
    }));
    const throttleTimeMs = context.broker.cluster.quotas.produced(context, context.room.requestBytes);
    if (throttleTimeMs > 0) context.connection.throttle(throttleTimeMs);
    return acks === 0 ? unanswered(topics) : told(context, topics, throttleTimeMs);
  },
};

/** The answer, with where the leaders are that it names. */
async function told(context: RequestContext, topics: Topics, throttleTimeMs: number): Promise<Draft> {
  const draft = await answer(topics, throttleTimeMs);
  if (context.apiVersion < leaderVersion) return draft;
  const leaders: CurrentLeader[] = [];
  for (const { partitionResponses } of draft.responses) {
    for (const { currentLeader: leader } of partitionResponses) {
      if (leader !== undefined) leaders.push(leader as CurrentLeader);
    }
  }
  const nodeEndpoints = endpointsOf(leaders, context);
  return nodeEndpoints.length === 0 ? draft : { ...draft, nodeEndpoints };
}

/** Records that a producer wants no answer for were refused or not written. */
export class UnansweredFailureError extends MillraceError {
  readonly code = 'unanswered_failure';

  constructor(topic: string, partition: number, errorCode: number, reason: string | null | undefined) {
    const { name } = errorRow(errorCode);
    const why = reason ? `${name}: ${reason}` : name;
    super(`records sent with acks=0 to ${topic}-${partition} were not taken: ${why}`);
  }
}

/** Waits like an answer would, which bounds what a connection has in work. A failure can only be told by closing it. */
async function unanswered(topics: Topics): Promise<undefined> {
  for (const { name, topicId, partitionResponses } of (await answer(topics)).responses) {
    for (const { index, errorCode, errorMessage } of partitionResponses) {
      if (errorCode !== errorCodes.NONE) {
        throw new UnansweredFailureError(name || (topicId ?? ''), index, errorCode, errorMessage);
      }
    }
  }
}

async function answer(topics: Topics, throttleTimeMs = 0): Promise<Draft> {
  const responses: TopicDraft[] = [];
  for (const { name, topicId, appended } of topics) {
    const partitionResponses: PartitionDraft[] = [];
    for (const each of appended) {
      const { draft, written } = each instanceof Promise ? await each : each;
      partitionResponses.push(written === undefined ? draft : settled(draft, await written));
    }
    responses.push({ name, topicId, partitionResponses });
  }
  return { throttleTimeMs, responses };
}

function settled(draft: PartitionDraft, { writtenTo, failure }: WriteOutcome): PartitionDraft {
  if (draft.baseOffset < writtenTo) return draft;
  if (!isMillraceError(failure)) throw failure;
  return refused(draft.index, errorCodes.KAFKA_STORAGE_ERROR, failure.message).draft;
}

function append(
  context: RequestContext,
  { acks, transactionalId }: ProduceRequest,
  name: string,
  topicId: string,
  index: number,
  records: Uint8Array | null,
): Appended | Promise<Appended> {
  const denied = topicRefusal(context, 'Write', name, topicId);
  if (denied !== errorCodes.NONE) return refused(index, denied, null);
  const access = leaderPartition(context.broker, name, topicId, index);
  if (access.partition === undefined) {
    const leader = currentLeader(context.broker, { name, topicId, index }, access.errorCode);
    return refused(index, access.errorCode, null, leader && { currentLeader: leader });
  }
  const { partition } = access;
  const { settings } = partition.owner;
  if (acks === -1 && partition.inSync.length < Math.min(settings.inSyncMin, partition.replicas.length)) {
    return refused(index, errorCodes.NOT_ENOUGH_REPLICAS, notEnough(partition));
  }
  const now = context.broker.cluster.platform.clock.now();
  if (records === null) return refused(index, errorCodes.INVALID_RECORD, 'the request has no records');
  const refusal = refusalOf(records, settings, now);
  if (refusal !== undefined) return refused(index, refusal.errorCode, refusal.message, recordErrors(refusal.records));
  if (settings.timestampIsAppendTime) stampAppendTime(records, now);
  else withoutAppendTime(records);
  const appendTime = settings.timestampIsAppendTime ? now : -1;
  const batch = recompressed(records, settings);
  if ('errorCode' in batch) return refused(index, batch.errorCode, batch.message);
  const producer = producerBatchAt(batch, 0);
  if (!producer?.isTransactional) return appendInSequence(partition, batch, producer, { index, appendTime, acks });
  return enterTransaction(context, transactionalId, partition, producer, (errorCode) =>
    errorCode === errorCodes.NONE
      ? appendInSequence(partition, batch, producer, { index, appendTime, acks })
      : refused(index, errorCode, null),
  );
}

function appendInSequence(
  partition: Partition,
  batch: Uint8Array,
  producer: ProducerBatch | undefined,
  { index, appendTime, acks }: { readonly index: number; readonly appendTime: number; readonly acks: number },
): Appended {
  const log = partition.openLog();
  const check = producer && log.producers.check(producer);
  if (check?.kind === 'refused') return refused(index, check.errorCode, null);
  const logStartOffset = log.startOffset;
  if (check?.kind === 'duplicate') {
    // The first one may still be on its way to the disk.
    return { draft: accepted(index, check.baseOffset, appendTime, logStartOffset), written: log.settled() };
  }
  const { baseOffset, written, stored } = log.append(batch, partition.leaderEpoch);
  const draft = accepted(index, baseOffset, appendTime, logStartOffset);
  return { draft, written: acks === -1 ? written : stored };
}

function notEnough({ inSync, owner }: Partition): string {
  return `${inSync.length} replicas are in sync, fewer than min.insync.replicas=${owner.settings.inSyncMin}`;
}

function accepted(index: number, baseOffset: number, appendTime: number, logStartOffset: number): PartitionDraft {
  return { index, errorCode: 0, baseOffset, logAppendTimeMs: appendTime, logStartOffset };
}

function recordErrors(records: readonly RecordError[] = []): Partial<PartitionDraft> {
  return {
    recordErrors: records.map(({ index, message }) => ({ batchIndex: index, batchIndexErrorMessage: message })),
  };
}

function refused(
  index: number,
  errorCode: number,
  errorMessage: string | null,
  more: Partial<PartitionDraft> = {},
): Appended {
  const draft = { index, errorCode, baseOffset: -1, logAppendTimeMs: -1, logStartOffset: -1, errorMessage, ...more };
  return { draft, written: undefined };
}
