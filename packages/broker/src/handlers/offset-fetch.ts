/**
 * OffsetFetch, versions 1 to 10. Before version 8 it asks for one group, before 2 an error is each partition's; from 7
 * on `requireStable` keeps back offsets that an open transaction may change; version 10 names topics by id.
 */
import { errorCodes, type OffsetFetchRequest, offsetFetch as offsetFetchApi, type ResponseDraft } from '@millrace/wire';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import { refusedGroup, withoutOffset } from '../groups/offset-fetch.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { allows } from '../security/authorization.ts';
import { topicRefusal } from '../security/topic-permission.ts';

type RequestGroup = OffsetFetchRequest['groups'][number];
type AnsweredGroup = NonNullable<ResponseDraft<typeof offsetFetchApi>['groups']>[number];

export const offsetFetch: Handler<typeof offsetFetchApi> = {
  api: offsetFetchApi,

  async handle(request, context) {
    if (context.apiVersion >= 8) {
      return {
        groups: await Promise.all(request.groups.map((group) => fetchGroup(group, context, request.requireStable))),
      };
    }
    const { topics, errorCode = errorCodes.NONE } = await fetchGroup(
      onlyGroup(request),
      context,
      request.requireStable,
    );
    if (errorCode === errorCodes.NONE || context.apiVersion >= 2) return { topics: namedTopics(topics), errorCode };
    const refused = (request.topics ?? []).map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partition) => withoutOffset(partition, errorCode)),
    }));
    return { topics: refused };
  },
};

function onlyGroup({ groupId, topics }: OffsetFetchRequest): RequestGroup {
  const named = topics?.map((topic) => ({ ...topic, topicId: '' })) ?? null;
  return { groupId, memberId: null, memberEpoch: -1, topics: named };
}

/** The topics of an answer as versions before 8 have them. */
function namedTopics(topics: AnsweredGroup['topics']): ResponseDraft<typeof offsetFetchApi>['topics'] {
  return topics?.map(({ name, partitions }) => ({ name: name ?? '', partitions: partitions ?? [] }));
}

async function fetchGroup(
  group: RequestGroup,
  context: RequestContext,
  requireStable: boolean,
): Promise<AnsweredGroup> {
  const { broker, apiVersion } = context;
  const { groupId } = group;
  if (!allows(context, 'Describe', 'Group', groupId)) {
    return refusedGroup(groupId, errorCodes.GROUP_AUTHORIZATION_FAILED);
  }
  if (!coordinates(broker, groupId)) return refusedGroup(groupId, errorCodes.NOT_COORDINATOR);
  const answer = await broker.cluster.groups.fetchOffsets(group, apiVersion, requireStable);
  return onlyDescribable(answer, group.topics === null, context);
}

/** Leaves out topics that the principal may not describe, or where they were named, says so. */
function onlyDescribable(answer: AnsweredGroup, wantsAll: boolean, context: RequestContext): AnsweredGroup {
  const topics = answer.topics?.flatMap((topic) => {
    const refusal = topicRefusal(context, 'Describe', topic.name ?? '', topic.topicId);
    if (refusal === errorCodes.NONE) return [topic];
    if (wantsAll) return [];
    return [
      {
        ...topic,
        partitions: topic.partitions?.map(({ partitionIndex }) => withoutOffset(partitionIndex ?? -1, refusal)),
      },
    ];
  });
  return { ...answer, topics };
}
