/** DeleteTopics, versions 1 to 6. */
import { deleteTopics as deleteTopicsApi, errorCodes, type ResponseDraft } from '@millrace/wire';
import type { Handler, RequestContext } from '../handler.ts';
import { refusalOfStorage } from '../storage-failure.ts';

type ResultDraft = ResponseDraft<typeof deleteTopicsApi>['responses'][number];

export const deleteTopics: Handler<typeof deleteTopicsApi> = {
  api: deleteTopicsApi,

  async handle(request, context) {
    const asked =
      context.apiVersion < 6
        ? request.topicNames.map((name) => ({ name, topicId: '' }))
        : request.topics.map(({ name, topicId }) => ({ name, topicId }));
    const responses: ResultDraft[] = [];
    for (const { name, topicId } of asked) responses.push(await remove(name, topicId, context));
    return { responses };
  },
};

async function remove(name: string | null, topicId: string, context: RequestContext): Promise<ResultDraft> {
  const { topics, configuration } = context.broker.cluster;
  const topic = topics.find(name, topicId);
  const id = topicId === '' ? undefined : topicId;
  if (topic === undefined) {
    const errorCode = name === null ? errorCodes.UNKNOWN_TOPIC_ID : errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
    return { name, topicId: id, errorCode, errorMessage: 'This server does not host this topic-partition.' };
  }
  if (!configuration.boolean('delete.topic.enable')) {
    const errorMessage = 'Topic deletion is disabled.';
    return { name: topic.name, topicId: topic.id, errorCode: errorCodes.TOPIC_DELETION_DISABLED, errorMessage };
  }
  const failure = await refusalOfStorage(() => topics.delete(topic));
  if (failure !== undefined) {
    return { name: topic.name, topicId: topic.id, errorCode: failure.errorCode, errorMessage: failure.message };
  }
  return { name: topic.name, topicId: id === undefined ? undefined : topic.id, errorCode: 0 };
}
