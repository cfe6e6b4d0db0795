/** The requests of a transactional producer, each as one call that answers what matters or throws a `KafkaError`. */
import { addOffsetsToTxn, addPartitionsToTxn, endTxn, initProducerId, txnOffsetCommit } from '@millrace/wire';
import { answerError } from '../authorization.ts';
import type { Connection } from '../connection/connection.ts';
import type { GroupOffsets } from '../consumer.ts';
import { byTopic } from '../offset-queries.ts';
import type { TopicPartition } from '../topic.ts';
import type { ProducerIdentity } from './partition-batch.ts';

/** The last versions before brokers add partitions and groups to transactions by themselves (KIP-890). */
const v1 = { addPartitionsToTxn: 3, txnOffsetCommit: 4, endTxn: 4 } as const;
/** The first versions in which they do. */
const v2 = { txnOffsetCommit: 5, endTxn: 5 } as const;
/** From version 6 on clients may take part in two-phase commits. */
const initVersionMax = 5;

/** Whose transaction a request is about. */
export interface TransactionOwner {
  readonly transactionalId: string;
  readonly identity: ProducerIdentity;
}

/** Whether the coordinator and its cluster use transactions of the second kind. */
export function usesV2(coordinator: Connection): boolean {
  return coordinator.feature('transaction.version') >= 2 && coordinator.supports(endTxn, v2.endTxn);
}

/** Gives the producer its id and epoch, or from `before` the next epoch; ends what was left open under the id. */
export async function init(
  connection: Connection,
  transactionalId: string,
  transactionTimeoutMs: number,
  before: ProducerIdentity,
  timeoutMs: number,
): Promise<ProducerIdentity> {
  const canRenew = connection.version(initProducerId, initVersionMax) >= 3;
  const draft = {
    transactionalId,
    transactionTimeoutMs,
    ...(canRenew ? { producerId: before.producerId, producerEpoch: before.epoch } : {}),
  };
  const response = await connection.request(initProducerId, draft, { timeoutMs, versionMax: initVersionMax });
  throwIfError(response.errorCode, `begin transactions of ${transactionalId}`);
  return { producerId: response.producerId, epoch: response.producerEpoch, isTransactional: true };
}

/** Adds partitions to the transaction: all, or throws for the first that was refused. */
export async function addPartitions(
  connection: Connection,
  { transactionalId, identity }: TransactionOwner,
  partitions: readonly TopicPartition[],
  timeoutMs: number,
): Promise<void> {
  const draft = {
    v3AndBelowTransactionalId: transactionalId,
    v3AndBelowProducerId: identity.producerId,
    v3AndBelowProducerEpoch: identity.epoch,
    v3AndBelowTopics: byTopic(partitions, ({ partition }) => partition).map(([name, parts]) => ({
      name,
      partitions: parts,
    })),
  };
  const options = { timeoutMs, versionMax: v1.addPartitionsToTxn };
  const response = await connection.request(addPartitionsToTxn, draft, options);
  const answers = response.resultsByTopicV3AndBelow.flatMap(({ name, resultsByPartition }) =>
    resultsByPartition.map((answer) => ({ name, ...answer })),
  );
  // A partition that was not tried says less than the one on whose account it was not.
  const refused = answers.filter(({ partitionErrorCode }) => partitionErrorCode !== 0);
  const first = refused.find(({ partitionErrorCode }) => partitionErrorCode !== 55) ?? refused[0];
  if (first === undefined) return;
  throwIfError(first.partitionErrorCode, `add ${first.name} [${first.partitionIndex}] to the transaction`);
}

/** Adds a group's offsets to the transaction. */
export async function addOffsets(
  connection: Connection,
  { transactionalId, identity }: TransactionOwner,
  groupId: string,
  timeoutMs: number,
): Promise<void> {
  const { producerId, epoch: producerEpoch } = identity;
  const draft = { transactionalId, producerId, producerEpoch, groupId };
  const { errorCode } = await connection.request(addOffsetsToTxn, draft, { timeoutMs });
  throwIfError(errorCode, `add group ${groupId} to the transaction`);
}

/** Stores offsets at the group's coordinator, to count when the transaction is committed. */
export async function commitOffsetsInTransaction(
  connection: Connection,
  { transactionalId, identity }: TransactionOwner,
  source: GroupOffsets,
  isV2: boolean,
  timeoutMs: number,
): Promise<void> {
  const { group, offsets, generationId = -1, memberId = '', instanceId = null } = source;
  const versionMax = isV2 ? v2.txnOffsetCommit : v1.txnOffsetCommit;
  const knowsMembers = connection.version(txnOffsetCommit, versionMax) >= 3;
  const topics = byTopic(offsets, ({ partition, offset, metadata }) => ({
    partitionIndex: partition,
    committedOffset: offset,
    committedMetadata: metadata ?? '',
  }));
  const draft = {
    transactionalId,
    groupId: group,
    producerId: identity.producerId,
    producerEpoch: identity.epoch,
    ...(knowsMembers ? { generationId, memberId, groupInstanceId: instanceId } : {}),
    topics: topics.map(([name, partitions]) => ({ name, partitions })),
  };
  const response = await connection.request(txnOffsetCommit, draft, { timeoutMs, versionMax });
  for (const { name, partitions } of response.topics) {
    for (const { partitionIndex, errorCode } of partitions) {
      throwIfError(errorCode, `commit the offset of group ${group} for ${name} [${partitionIndex}] in a transaction`);
    }
  }
}

/** Ends the transaction; answers the identity to go on with. */
export async function end(
  connection: Connection,
  { transactionalId, identity }: TransactionOwner,
  isCommit: boolean,
  isV2: boolean,
  timeoutMs: number,
): Promise<ProducerIdentity> {
  const draft = {
    transactionalId,
    producerId: identity.producerId,
    producerEpoch: identity.epoch,
    committed: isCommit,
  };
  const versionMax = isV2 ? v2.endTxn : v1.endTxn;
  const response = await connection.request(endTxn, draft, { timeoutMs, versionMax });
  throwIfError(response.errorCode, `${isCommit ? 'commit' : 'abort'} the transaction of ${transactionalId}`);
  if (!isV2 || response.producerId < 0) return identity;
  return { producerId: response.producerId, epoch: response.producerEpoch, isTransactional: true };
}

function throwIfError(errorCode: number, action: string): void {
  if (errorCode !== 0) throw answerError(errorCode, action);
}
