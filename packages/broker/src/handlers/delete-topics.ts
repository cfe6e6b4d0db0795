/** DeleteTopics, versions 1 to 6. */
import { deleteTopics as deleteTopicsApi, errorCodes, type ResponseDraft } from '@millrace/wire';
import type { Handler, RequestContext } from '../handler.ts';
import type { TopicChangeQuota } from '../quotas/client-quotas.ts';
import { quotaExceeded, throttledMs } from '../quotas/topic-change-throttle.ts';
import { allows, clusterResource } from '../security/authorization.ts';
import { refusalOfStorage } from '../storage-failure.ts';
import type { Topic } from '../topics/topic.ts';

type ResultDraft = ResponseDraft<typeof deleteTopicsApi>['responses'][number];

/** From this version on a client understands THROTTLING_QUOTA_EXCEEDED. */
const strictSince = 5;

export const deleteTopics: Handler<typeof deleteTopicsApi> = {
  api: deleteTopicsApi,

  async handle(request, context) {
    const asked =
      context.apiVersion < 6
        ? request.topicNames.map((name) => ({ name, topicId: '' }))
        : request.topics.map(({ name, topicId }) => ({ name, topicId }));
    const quota = context.broker.cluster.quotas.changes(context, context.apiVersion >= strictSince);
    const responses: ResultDraft[] = [];
    for (const { name, topicId } of asked) responses.push(await remove(name, topicId, context, quota));
    return { throttleTimeMs: throttledMs(context, quota), responses };
  },
};

/** What is told of a topic that may not be deleted: nothing, to whom may not describe it. */
function denial(name: string | null, topic: Topic | undefined, context: RequestContext): ResultDraft | undefined {
  const known = topic?.name ?? name;
  if (known === null || allows(context, 'Delete', 'Cluster', clusterResource)) return undefined;
  const errorCode = errorCodes.TOPIC_AUTHORIZATION_FAILED;
  const errorMessage = 'Topic authorization failed.';
  if (!allows(context, 'Describe', 'Topic', known)) {
    return { name, topicId: name === null ? topic?.id : undefined, errorCode, errorMessage };
  }
  if (topic === undefined || allows(context, 'Delete', 'Topic', known)) return undefined;
  return { name: known, topicId: topic.id, errorCode, errorMessage };
}

async function remove(
  name: string | null,
  topicId: string,
  context: RequestContext,
  quota: TopicChangeQuota | undefined,
): Promise<ResultDraft> {
  const { topics, configuration } = context.broker.cluster;
  const topic = topics.find(name, topicId);
  const id = topicId === '' ? undefined : topicId;
  const denied = denial(name, topic, context);
  if (denied !== undefined) return denied;
  if (topic === undefined) {
    const errorCode = name === null ? errorCodes.UNKNOWN_TOPIC_ID : errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
    return { name, topicId: id, errorCode, errorMessage: 'This server does not host this topic-partition.' };
  }
  if (!configuration.boolean('delete.topic.enable')) {
    const errorMessage = 'Topic deletion is disabled.';
    return { name: topic.name, topicId: topic.id, errorCode: errorCodes.TOPIC_DELETION_DISABLED, errorMessage };
  }
  const failure =
    quota?.take(topic.partitions.length) === false ? quotaExceeded : await refusalOfStorage(() => topics.delete(topic));
  if (failure !== undefined) {
    return { name: topic.name, topicId: topic.id, errorCode: failure.errorCode, errorMessage: failure.message };
  }
  return { name: topic.name, topicId: id === undefined ? undefined : topic.id, errorCode: 0 };
}
