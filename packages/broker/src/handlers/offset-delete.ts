/** OffsetDelete, version 0 (KIP-496). */
import { errorCodes, type OffsetDeleteRequest, offsetDelete as offsetDeleteApi } from '@millrace/wire';
import { coordinatesGroup } from '../groups/coordinator-endpoint.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { allows } from '../security/authorization.ts';

type RequestTopic = OffsetDeleteRequest['topics'][number];

export const offsetDelete: Handler<typeof offsetDeleteApi> = {
  api: offsetDeleteApi,

  async handle(request, context) {
    const { broker } = context;
    const { groupId, topics } = request;
    const refuse = (errorCode: number) => ({ errorCode, topics: [] });
    if (!allows(context, 'Delete', 'Group', groupId)) return refuse(errorCodes.GROUP_AUTHORIZATION_FAILED);
    if (!coordinatesGroup(broker, groupId)) return refuse(errorCodes.NOT_COORDINATOR);
    const errors = topics.map((topic) => topic.partitions.map((partition) => errorOf(topic, partition, context)));
    const allowed = topics.map((topic, index) => ({
      name: topic.name,
      partitions: topic.partitions.filter((_, position) => errors[index]?.[position] === errorCodes.NONE),
    }));
    const answer = await broker.cluster.groups.deleteOffsets({ groupId, topics: allowed });
    if (answer.errorCode !== errorCodes.NONE) return answer;
    return {
      errorCode: errorCodes.NONE,
      topics: topics.map(({ name, partitions }, index) => {
        const answered = new Map(answer.topics[index]?.partitions.map((one) => [one.partitionIndex, one.errorCode]));
        return {
          name,
          partitions: partitions.map(({ partitionIndex }, position) => ({
            partitionIndex,
            errorCode: errors[index]?.[position] || (answered.get(partitionIndex) ?? errorCodes.NONE),
          })),
        };
      }),
    };
  },
};

function errorOf(
  { name }: RequestTopic,
  { partitionIndex }: RequestTopic['partitions'][number],
  context: RequestContext,
): number {
  if (!allows(context, 'Read', 'Topic', name)) return errorCodes.TOPIC_AUTHORIZATION_FAILED;
  const partition = context.broker.cluster.topics.byName(name)?.partitions[partitionIndex];
  return partition === undefined ? errorCodes.UNKNOWN_TOPIC_OR_PARTITION : errorCodes.NONE;
}
