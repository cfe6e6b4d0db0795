/** OffsetCommit, versions 2 to 10. From 9 on an absent group is told as such; version 10 names topics by id. */
import {
  errorCodes,
  type OffsetCommitRequest,
  offsetCommit as offsetCommitApi,
  type ResponseDraft,
} from '@millrace/wire';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import type { Handler } from '../handler.ts';
import { allows } from '../security/authorization.ts';
import { topicRefusal } from '../security/topic-permission.ts';

type RequestTopic = OffsetCommitRequest['topics'][number];
type AnsweredTopic = ResponseDraft<typeof offsetCommitApi>['topics'][number];

export const offsetCommit: Handler<typeof offsetCommitApi> = {
  api: offsetCommitApi,

  async handle(request, context) {
    const { broker, apiVersion } = context;
    const all = (errorCode: number) => ({ topics: request.topics.map((topic) => refusedTopic(topic, errorCode)) });
    if (!allows(context, 'Read', 'Group', request.groupId)) return all(errorCodes.GROUP_AUTHORIZATION_FAILED);
    if (!coordinates(broker, request.groupId)) return all(errorCodes.NOT_COORDINATOR);
    const refusals = request.topics.map(({ name, topicId }) => topicRefusal(context, 'Read', name, topicId));
    const topics = request.topics.filter((_, index) => refusals[index] === errorCodes.NONE);
    const answer = await broker.cluster.groups.commitOffsets({ ...request, topics }, apiVersion);
    if (topics.length === request.topics.length) return answer;
    const committed = [...answer.topics];
    return {
      topics: request.topics.map((topic, index) => {
        const refusal = refusals[index] || errorCodes.NONE;
        const allowed = refusal === errorCodes.NONE ? committed.shift() : undefined;
        return allowed ?? refusedTopic(topic, refusal);
      }),
    };
  },
};

function refusedTopic({ name, topicId, partitions }: RequestTopic, errorCode: number): AnsweredTopic {
  return { name, topicId, partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })) };
}
