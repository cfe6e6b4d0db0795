/**
 * AddPartitionsToTxn, versions 0 to 5. Up to 3 a client adds partitions to its transaction, all or none; from 4 on only
 * brokers ask, for several transactions at once, and may only want to know whether partitions belong to them (KIP-890).
 */
import { type AddPartitionsToTxnRequest, addPartitionsToTxn as api, errorCodes } from '@millrace/wire';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { allows, clusterResource } from '../security/authorization.ts';
import { fencedError, fencedVersions } from '../transactions/client-error.ts';

type Asked = AddPartitionsToTxnRequest['transactions'][number];
type Topics = readonly { readonly name: string; readonly partitions: readonly number[] }[];

/** From this version on only brokers ask. */
const brokersVersion = 4;

export const addPartitionsToTxn: Handler<typeof api> = {
  api,

  async handle(request, context) {
    if (context.apiVersion < brokersVersion) return addForClient(request, context);
    if (!allows(context, 'ClusterAction', 'Cluster', clusterResource)) {
      return { errorCode: errorCodes.CLUSTER_AUTHORIZATION_FAILED };
    }
    const resultsByTransaction = await Promise.all(request.transactions.map((asked) => addForBroker(asked, context)));
    return { errorCode: errorCodes.NONE, resultsByTransaction };
  },
};

async function addForClient(request: AddPartitionsToTxnRequest, context: RequestContext) {
  const { v3AndBelowTransactionalId: id, v3AndBelowTopics: topics } = request;
  const producer = { producerId: request.v3AndBelowProducerId, epoch: request.v3AndBelowProducerEpoch };
  if (!allows(context, 'Write', 'TransactionalId', id)) {
    return { resultsByTopicV3AndBelow: resultsOf(topics, () => errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED) };
  }
  const refusals = refusalsOf(topics, context);
  if (refusals.size > 0) {
    const errorOf = (name: string, index: number) =>
      refusals.get(`${name}-${index}`) ?? errorCodes.OPERATION_NOT_ATTEMPTED;
    return { resultsByTopicV3AndBelow: resultsOf(topics, errorOf) };
  }
  const errorCode = await add(id, producer, topics, context, false);
  const told = fencedError(errorCode, context.apiVersion >= fencedVersions.others);
  return { resultsByTopicV3AndBelow: resultsOf(topics, () => told) };
}

async function addForBroker(asked: Asked, context: RequestContext) {
  const { transactionalId, producerId, producerEpoch: epoch, verifyOnly, topics } = asked;
  const producer = { producerId, epoch };
  const { cluster } = context.broker;
  if (transactionalId === '') {
    return { transactionalId, topicResults: resultsOf(topics, () => errorCodes.INVALID_REQUEST) };
  }
  if (verifyOnly && coordinates(context.broker, transactionalId)) {
    const topicResults = resultsOf(topics, (name, index) =>
      cluster.transactions.checkPartition(transactionalId, producer, cluster.topics.byName(name)?.id ?? '', index),
    );
    return { transactionalId, topicResults };
  }
  const refusals = refusalsOf(topics, context);
  const errorCode =
    refusals.size > 0
      ? errorCodes.OPERATION_NOT_ATTEMPTED
      : await add(transactionalId, producer, topics, context, true);
  const errorOf = (name: string, index: number) => refusals.get(`${name}-${index}`) ?? errorCode;
  return { transactionalId, topicResults: resultsOf(topics, errorOf) };
}

async function add(
  id: string,
  producer: { readonly producerId: number; readonly epoch: number },
  topics: Topics,
  { broker }: RequestContext,
  bumpsEpoch: boolean,
): Promise<number> {
  if (!coordinates(broker, id)) return errorCodes.NOT_COORDINATOR;
  const byId = topics.map(
    ({ name, partitions }) => [broker.cluster.topics.byName(name)?.id ?? '', partitions] as const,
  );
  return broker.cluster.transactions.add(id, producer, { topics: byId, groups: [] }, bumpsEpoch);
}

/** Errors of partitions that can't be added, by `topic-partition`. */
function refusalsOf(topics: Topics, context: RequestContext): Map<string, number> {
  const refusals = new Map<string, number>();
  for (const { name, partitions } of topics) {
    const allowed = context.apiVersion >= brokersVersion || allows(context, 'Write', 'Topic', name);
    const count = context.broker.cluster.topics.byName(name)?.partitions.length ?? 0;
    for (const index of partitions) {
      if (!allowed) refusals.set(`${name}-${index}`, errorCodes.TOPIC_AUTHORIZATION_FAILED);
      else if (index < 0 || index >= count) refusals.set(`${name}-${index}`, errorCodes.UNKNOWN_TOPIC_OR_PARTITION);
    }
  }
  return refusals;
}

function resultsOf(topics: Topics, errorOf: (name: string, index: number) => number) {
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: errorOf(name, partitionIndex),
    })),
  }));
}
