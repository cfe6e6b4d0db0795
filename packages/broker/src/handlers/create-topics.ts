/** CreateTopics, versions 2 to 7. */
import { createTopics as createTopicsApi, errorCodes, type RequestOf, type ResponseDraft } from '@millrace/wire';
import { topicConfigurationEntries } from '../configuration/describe-configuration.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { Topic } from '../topics/topic.ts';
import { createTopic, type TopicPlan } from '../topics/topic-creation.ts';

type Request = RequestOf<typeof createTopicsApi>;
type ResultDraft = ResponseDraft<typeof createTopicsApi>['topics'][number];

export const createTopics: Handler<typeof createTopicsApi> = {
  api: createTopicsApi,

  async handle(request, context) {
    const seen = new Map<string, number>();
    for (const { name } of request.topics) seen.set(name, (seen.get(name) ?? 0) + 1);
    const topics: ResultDraft[] = [];
    for (const asked of request.topics) {
      if (topics.some(({ name }) => name === asked.name)) continue;
      if ((seen.get(asked.name) ?? 0) > 1) {
        topics.push(refused(asked.name, errorCodes.INVALID_REQUEST, `the request names topic ${asked.name} twice`));
      } else topics.push(await create(asked, request.validateOnly, context));
    }
    return { topics };
  },
};

async function create(
  asked: Request['topics'][number],
  validateOnly: boolean,
  context: RequestContext,
): Promise<ResultDraft> {
  const { cluster } = context.broker;
  const plan: TopicPlan = {
    name: asked.name,
    partitionCount: asked.numPartitions,
    replicationFactor: asked.replicationFactor,
    assignment: asked.assignments,
    configuration: new Map(asked.configs.flatMap(({ name, value }) => (value === null ? [] : [[name, value]]))),
  };
  const made = await createTopic(cluster, plan, validateOnly);
  if ('errorCode' in made) return refused(asked.name, made.errorCode, made.message);
  const partitions = made instanceof Topic ? made.partitions.map(({ replicas }) => replicas) : made.assignment;
  return {
    name: asked.name,
    topicId: made instanceof Topic ? made.id : undefined,
    errorCode: 0,
    numPartitions: partitions.length,
    replicationFactor: partitions[0]?.length ?? -1,
    configs: topicConfigurationEntries(plan.configuration, cluster.configuration).map((entry) => ({
      name: entry.name,
      value: entry.value,
      readOnly: false,
      configSource: entry.configSource,
      isSensitive: false,
    })),
  };
}

function refused(name: string, errorCode: number, errorMessage: string): ResultDraft {
  return { name, errorCode, errorMessage, configs: null };
}
