/** OffsetCommit, versions 2 to 10. From 9 on an absent group is told as such; version 10 names topics by id. */
import { errorCodes, offsetCommit as offsetCommitApi } from '@millrace/wire';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import type { Handler } from '../handler.ts';

export const offsetCommit: Handler<typeof offsetCommitApi> = {
  api: offsetCommitApi,

  handle(request, { broker, apiVersion }) {
    if (coordinates(broker, request.groupId)) return broker.cluster.groups.commitOffsets(request, apiVersion);
    const topics = request.topics.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: errorCodes.NOT_COORDINATOR })),
    }));
    return { topics };
  },
};
