/** CreateTopics, versions 2 to 7. */
import { randomUuidBytes } from '@millrace/base';
import { createTopics as createTopicsApi, errorCodes, type RequestOf, type ResponseDraft } from '@millrace/wire';
import type { ClusterState } from '../cluster-state.ts';
import { topicConfigurationEntries } from '../configuration/describe-configuration.ts';
import type { Handler, RequestContext } from '../handler.ts';
import type { TopicChangeQuota } from '../quotas/client-quotas.ts';
import { quotaExceeded, throttledMs } from '../quotas/topic-change-throttle.ts';
import { allows, clusterResource } from '../security/authorization.ts';
import type { Refusal } from '../storage-failure.ts';
import { inSlices } from '../time-slices.ts';
import { Mentions } from '../topics/mentions.ts';
import { Topic } from '../topics/topic.ts';
import { createTopic, type TopicPlan } from '../topics/topic-creation.ts';

type Request = RequestOf<typeof createTopicsApi>;
type ResultDraft = ResponseDraft<typeof createTopicsApi>['topics'][number];
type ConfigsDraft = ResultDraft['configs'];

/** What is the same for all topics of a request. */
interface Creation {
  readonly context: RequestContext;
  readonly validateOnly: boolean;
  readonly quota: TopicChangeQuota | undefined;
  /** What is in force for topics that set nothing themselves, once it was asked for. */
  inherited?: ConfigsDraft;
}

/** From this version on a client understands THROTTLING_QUOTA_EXCEEDED. */
const strictSince = 6;

export const createTopics: Handler<typeof createTopicsApi> = {
  api: createTopicsApi,

  async handle(request, context) {
    const createsAny = allows(context, 'Create', 'Cluster', clusterResource);
    const mentions = new Mentions(request.topics.map(({ name }) => name));
    const quota = context.broker.cluster.quotas.changes(context, context.apiVersion >= strictSince);
    const creation: Creation = { context, validateOnly: request.validateOnly, quota };
    const results = await inSlices(context.broker.cluster.platform, request.topics, (asked) => {
      const { name } = asked;
      const place = mentions.place(name);
      if (place === 'repeated') return undefined;
      if (place === 'first') return refused(name, errorCodes.INVALID_REQUEST, 'Duplicate topic name.');
      if (createsAny || allows(context, 'Create', 'Topic', name)) {
        return create(asked, creation);
      }
      return refused(name, errorCodes.TOPIC_AUTHORIZATION_FAILED, 'Authorization failed.');
    });
    const topics = results.filter((result) => result !== undefined);
    return { throttleTimeMs: throttledMs(context, quota), topics };
  },
};

async function create(asked: Request['topics'][number], creation: Creation): Promise<ResultDraft> {
  const { context, validateOnly, quota } = creation;
  const { cluster } = context.broker;
  const unset = asked.configs.find(({ value }) => value === null);
  if (unset !== undefined) {
    return refused(asked.name, errorCodes.INVALID_CONFIG, `Null value not supported for topic configs: ${unset.name}`);
  }
  const plan: TopicPlan = {
    name: asked.name,
    partitionCount: asked.numPartitions,
    replicationFactor: asked.replicationFactor,
    assignment: asked.assignments,
    configuration: new Map(asked.configs.flatMap(({ name, value }) => (value === null ? [] : [[name, value]]))),
  };
  const excess = quota && (await quotaRefusal(cluster, plan, quota));
  if (excess !== undefined) return refused(asked.name, excess.errorCode, excess.message);
  const made = await createTopic(cluster, plan, validateOnly);
  if ('errorCode' in made) return refused(asked.name, made.errorCode, made.message);
  const partitions = made instanceof Topic ? made.partitions.map(({ replicas }) => replicas) : made.assignment;
  const topicId = made instanceof Topic ? made.id : unusedId(cluster);
  if (!allows(context, 'DescribeConfigs', 'Topic', asked.name)) {
    const topicConfigErrorCode = errorCodes.TOPIC_AUTHORIZATION_FAILED;
    return { name: asked.name, topicId, errorCode: 0, topicConfigErrorCode, configs: [] };
  }
  return {
    name: asked.name,
    topicId,
    errorCode: 0,
    numPartitions: partitions.length,
    replicationFactor: partitions[0]?.length ?? -1,
    configs: configsOf(plan, creation),
  };
}

function configsOf({ configuration }: TopicPlan, creation: Creation): ConfigsDraft {
  const describe = (): ConfigsDraft =>
    topicConfigurationEntries(configuration, creation.context.broker.cluster.configuration).map((entry) => ({
      name: entry.name,
      value: entry.value,
      readOnly: false,
      configSource: entry.configSource,
      isSensitive: false,
    }));
  if (configuration.size > 0) return describe();
  creation.inherited ??= describe();
  return creation.inherited;
}

/** As of a topic that is created: Kafka too tells one of a topic that was only validated. */
function unusedId(cluster: ClusterState): string {
  return Buffer.from(randomUuidBytes(cluster.platform.randomness)).toString('base64url');
}

/** Only what would be created counts. */
async function quotaRefusal(
  cluster: ClusterState,
  plan: TopicPlan,
  quota: TopicChangeQuota,
): Promise<Refusal | undefined> {
  const planned = await createTopic(cluster, plan, true);
  if ('errorCode' in planned) return planned;
  const partitions = planned instanceof Topic ? planned.partitions.length : planned.assignment.length;
  return quota.take(partitions) ? undefined : quotaExceeded;
}

function refused(name: string, errorCode: number, errorMessage: string): ResultDraft {
  return { name, errorCode, errorMessage, configs: null };
}
