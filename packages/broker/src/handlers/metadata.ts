/**
 * Metadata, versions 0 to 13. Naming an absent topic creates it where `auto.create.topics.enable` and the request allow
 * that, and the answer describes it at once; Kafka's says LEADER_NOT_AVAILABLE first, which costs clients a back-off.
 */
import { errorCodes, type MetadataRequest, metadata as metadataApi, type ResponseDraft } from '@millrace/wire';
import { addressFor } from '../broker-endpoint.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { allows, authorizedOperations, clusterResource } from '../security/authorization.ts';
import { inSlices } from '../time-slices.ts';
import type { Topic } from '../topics/topic.ts';
import { createTopicWithDefaults } from '../topics/topic-creation.ts';
import { describePartition } from '../topics/topic-description.ts';
import { topicNameProblem } from '../topics/topic-name.ts';

type Draft = ResponseDraft<typeof metadataApi>;
type TopicDraft = Draft['topics'][number];

const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA';

export const metadata: Handler<typeof metadataApi> = {
  api: metadataApi,

  async handle(request, context) {
    const { cluster } = context.broker;
    const topics = await topicsOf(request, context);
    const wantsOperations = request.includeTopicAuthorizedOperations;
    return {
      brokers: cluster.endpoints.map((endpoint) => ({
        nodeId: endpoint.nodeId,
        ...addressFor(endpoint, context.connection.listener),
        rack: endpoint.rack,
      })),
      clusterId: cluster.clusterId,
      controllerId: cluster.replication.controller.nodeId,
      clusterAuthorizedOperations: clusterOperations(request, context),
      topics: wantsOperations ? topics.map((draft) => withOperations(draft, context)) : topics,
    };
  },
};

async function topicsOf(request: MetadataRequest, context: RequestContext): Promise<TopicDraft[]> {
  const { topics } = context.broker.cluster;
  const mayDescribe = (name: string): boolean => allows(context, 'Describe', 'Topic', name);
  const all = request.topics === null || (context.apiVersion === 0 && request.topics.length === 0);
  if (all) return [...topics.all()].filter(({ name }) => mayDescribe(name)).map((topic) => describe(topic));
  return inSlices(context.broker.cluster.platform, request.topics ?? [], ({ name, topicId }) => {
    const topic = topics.find(name, topicId);
    const known = name ?? topic?.name;
    if (known === undefined) return absent(null, topicId, errorCodes.UNKNOWN_TOPIC_ID);
    if (!mayDescribe(known)) {
      return absent(name, name === null ? topicId : zeroId, errorCodes.TOPIC_AUTHORIZATION_FAILED);
    }
    return topic === undefined ? createIfAllowed(known, request, context) : describe(topic);
  });
}

/** The bits of what the principal may do to the cluster, where they are asked for (KIP-430). */
function clusterOperations(request: MetadataRequest, context: RequestContext): number | undefined {
  if (!request.includeClusterAuthorizedOperations) return undefined;
  const mayDescribe = allows(context, 'Describe', 'Cluster', clusterResource);
  return mayDescribe ? authorizedOperations(context, 'Cluster', clusterResource) : 0;
}

function withOperations(draft: TopicDraft, context: RequestContext): TopicDraft {
  if (draft.errorCode !== errorCodes.NONE || !draft.name) return draft;
  return { ...draft, topicAuthorizedOperations: authorizedOperations(context, 'Topic', draft.name) };
}

/** Creates an absent topic if that is allowed, and describes it. */
async function createIfAllowed(name: string, request: MetadataRequest, context: RequestContext): Promise<TopicDraft> {
  const { cluster } = context.broker;
  if (topicNameProblem(name) !== undefined) return absent(name, zeroId, errorCodes.INVALID_TOPIC_EXCEPTION);
  const allowed = request.allowAutoTopicCreation && cluster.configuration.boolean('auto.create.topics.enable');
  if (!allowed) return absent(name, zeroId, errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
  if (!allows(context, 'Create', 'Cluster', clusterResource) && !allows(context, 'Create', 'Topic', name)) {
    return absent(name, zeroId, errorCodes.TOPIC_AUTHORIZATION_FAILED);
  }
  const made = await createTopicWithDefaults(cluster, name);
  return 'errorCode' in made ? absent(name, zeroId, made.errorCode) : describe(made);
}

function absent(name: string | null, topicId: string, errorCode: number): TopicDraft {
  return { errorCode, name, topicId, partitions: [] };
}

function describe(topic: Topic): TopicDraft {
  return {
    errorCode: 0,
    name: topic.name,
    topicId: topic.id,
    isInternal: false,
    partitions: topic.partitions.map(describePartition),
  };
}
