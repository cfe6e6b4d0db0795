/** DeleteRecords, versions 0 to 2. An offset of -1 means the high watermark. */
import { deleteRecords as deleteRecordsApi, errorCodes } from '@millrace/wire';
import type { Handler, RequestContext } from '../handler.ts';
import { leaderPartition } from '../partition-access.ts';
import { topicRefusal } from '../security/topic-permission.ts';
import { refusalOfStorage } from '../storage-failure.ts';

export const deleteRecords: Handler<typeof deleteRecordsApi> = {
  api: deleteRecordsApi,

  async handle(request, context) {
    const topics = [];
    for (const { name, partitions } of request.topics) {
      const results = [];
      for (const { partitionIndex, offset } of partitions) {
        results.push({ partitionIndex, ...(await advance(context, name, partitionIndex, offset)) });
      }
      topics.push({ name, partitions: results });
    }
    return { topics };
  },
};

async function advance(context: RequestContext, name: string, index: number, offset: number) {
  const denied = topicRefusal(context, 'Delete', name);
  if (denied !== errorCodes.NONE) return { lowWatermark: -1, errorCode: denied };
  const access = leaderPartition(context.broker, name, '', index);
  if (access.partition === undefined) return { lowWatermark: -1, errorCode: access.errorCode };
  const { partition } = access;
  const topic = context.broker.cluster.topics.byName(name);
  const wanted = offset === -1 ? partition.highWatermark : offset;
  if (topic === undefined || wanted < 0 || wanted > partition.highWatermark) {
    return { lowWatermark: -1, errorCode: errorCodes.OFFSET_OUT_OF_RANGE };
  }
  if (!partition.owner.settings.deleteOld) {
    return { lowWatermark: -1, errorCode: errorCodes.POLICY_VIOLATION };
  }
  if (wanted > partition.startOffset) {
    const { topics } = context.broker.cluster;
    const failure = await refusalOfStorage(() => topics.advanceStart(topic, partition, wanted));
    if (failure !== undefined) return { lowWatermark: -1, errorCode: failure.errorCode };
  }
  return { lowWatermark: partition.startOffset, errorCode: errorCodes.NONE };
}
