/** DeleteTopics, versions 1 to 6. */
import { deleteTopics as deleteTopicsApi, errorCodes, type ResponseDraft } from '@millrace/wire';
import type { Handler, RequestContext } from '../handler.ts';
import type { TopicChangeQuota } from '../quotas/client-quotas.ts';
import { quotaExceeded, throttledMs } from '../quotas/topic-change-throttle.ts';
import { allows, clusterResource } from '../security/authorization.ts';
import { refusalOfStorage } from '../storage-failure.ts';
import { inSlices } from '../time-slices.ts';
import { Mentions } from '../topics/mentions.ts';
import type { Topic } from '../topics/topic.ts';

type ResultDraft = ResponseDraft<typeof deleteTopicsApi>['responses'][number];

/** From this version on a client understands THROTTLING_QUOTA_EXCEEDED. */
const strictSince = 5;
const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA';

export const deleteTopics: Handler<typeof deleteTopicsApi> = {
  api: deleteTopicsApi,

  async handle(request, context) {
    const asked =
      context.apiVersion < 6
        ? request.topicNames.map((name) => ({ name, topicId: '' }))
        : request.topics.map(({ name, topicId }) => ({ name, topicId }));
    const quota = context.broker.cluster.quotas.changes(context, context.apiVersion >= strictSince);
    const names = new Mentions(asked.flatMap(({ name }) => name ?? []));
    const ids = new Mentions(asked.flatMap(({ name, topicId }) => (name === null ? [topicId] : [])));
    const results = await inSlices(context.broker.cluster.platform, asked, ({ name, topicId }) => {
      const malformed = nameProblem(name, topicId);
      if (malformed !== undefined) return invalid(name, topicId, malformed);
      const place = name === null ? ids.place(topicId) : names.place(name);
      if (place === 'repeated') return undefined;
      if (place === 'only') return remove(name, topicId, { context, quota, names, ids });
      return invalid(name, topicId, name === null ? 'Duplicate topic id.' : 'Duplicate topic name.');
    });
    const responses = results.filter((result) => result !== undefined);
    return { throttleTimeMs: throttledMs(context, quota), responses };
  },
};

interface Deletion {
  readonly context: RequestContext;
  readonly quota: TopicChangeQuota | undefined;
  /** What the request mentions. */
  readonly names: Mentions;
  readonly ids: Mentions;
}

/** What is wrong with how a topic is named: by its name or by its id it must be. */
function nameProblem(name: string | null, topicId: string): string | undefined {
  const hasId = topicId !== '' && topicId !== zeroId;
  if (name === null) return hasId ? undefined : 'Neither topic name nor id were specified.';
  return hasId ? 'You may not specify both topic name and topic id.' : undefined;
}

function invalid(name: string | null, topicId: string, errorMessage: string): ResultDraft {
  const id = topicId === '' ? undefined : topicId;
  return { name, topicId: id, errorCode: errorCodes.INVALID_REQUEST, errorMessage };
}

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

/** Undefined for a topic that is mentioned by its name too, and told of there. */
async function remove(name: string | null, topicId: string, deletion: Deletion): Promise<ResultDraft | undefined> {
  const { context, quota, names, ids } = deletion;
  const { topics, configuration } = context.broker.cluster;
  const topic = topics.find(name, topicId);
  const id = topicId === '' ? undefined : topicId;
  const denied = denial(name, topic, context);
  if (denied !== undefined) return denied;
  if (topic === undefined) {
    const errorCode = name === null ? errorCodes.UNKNOWN_TOPIC_ID : errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
    return { name, topicId: id, errorCode, errorMessage: 'This server does not host this topic-partition.' };
  }
  if (name === null && names.has(topic.name)) return undefined;
  if (name !== null && ids.has(topic.id)) {
    return invalid(name, topic.id, 'The provided topic name maps to an ID that was already supplied.');
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
