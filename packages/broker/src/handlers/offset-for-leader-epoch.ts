/** OffsetForLeaderEpoch, versions 2 to 4. */
import { errorCodes, offsetForLeaderEpoch as offsetForLeaderEpochApi } from '@millrace/wire';
import type { Handler, RequestContext } from '../handler.ts';
import { leaderPartition } from '../partition-access.ts';
import { topicRefusal } from '../security/topic-permission.ts';

export const offsetForLeaderEpoch: Handler<typeof offsetForLeaderEpochApi> = {
  api: offsetForLeaderEpochApi,

  handle(request, context) {
    return {
      topics: request.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, currentLeaderEpoch, leaderEpoch }) =>
          endOf(context, topic, partition, currentLeaderEpoch, leaderEpoch),
        ),
      })),
    };
  },
};

function endOf(context: RequestContext, topic: string, index: number, currentEpoch: number, wantedEpoch: number) {
  const none = { partition: index, leaderEpoch: -1, endOffset: -1 };
  const denied = topicRefusal(context, 'Describe', topic);
  if (denied !== errorCodes.NONE) return { ...none, errorCode: denied };
  const access = leaderPartition(context.broker, topic, '', index, currentEpoch);
  if (access.partition === undefined) return { ...none, errorCode: access.errorCode };
  const end = access.partition.epochEnd(wantedEpoch);
  if (end === undefined) return { ...none, errorCode: errorCodes.NONE };
  return { partition: index, errorCode: errorCodes.NONE, leaderEpoch: end.epoch, endOffset: end.endOffset };
}
