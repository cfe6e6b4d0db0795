/**
 * TxnOffsetCommit, versions 0 to 5: stores offsets that count once the transaction is committed. From version 5 on the
 * group is added to the transaction by it (KIP-890).
 */
import { txnOffsetCommit as api, errorCodes, type TxnOffsetCommitRequest } from '@millrace/wire';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import { refusedInTransaction } from '../groups/transactional-commit.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { allows } from '../security/authorization.ts';
import { writerError } from '../transactions/client-error.ts';

/** From these versions on the client knows TRANSACTION_ABORTABLE, and has the group added, respectively. */
const abortableVersion = 4;
const implicitAddVersion = 5;

export const txnOffsetCommit: Handler<typeof api> = {
  api,

  async handle(request, context) {
    const refusal = refusalOf(request, context);
    if (refusal !== errorCodes.NONE) return refusedInTransaction(request, refusal);
    const error = await admit(request, context);
    if (error !== errorCodes.NONE) return refusedInTransaction(request, error);
    const allowed = new Set(
      request.topics.map(({ name }) => name).filter((name) => allows(context, 'Read', 'Topic', name)),
    );
    const topics = request.topics.filter(({ name }) => allowed.has(name));
    const answer = await context.broker.cluster.groups.commitInTransaction({ ...request, topics });
    if (topics.length === request.topics.length) return answer;
    const denied = { ...request, topics: request.topics.filter(({ name }) => !allowed.has(name)) };
    const { topics: deniedTopics } = refusedInTransaction(denied, errorCodes.TOPIC_AUTHORIZATION_FAILED);
    return { topics: [...answer.topics, ...deniedTopics] };
  },
};

function refusalOf({ transactionalId, groupId }: TxnOffsetCommitRequest, context: RequestContext): number {
  if (!allows(context, 'Write', 'TransactionalId', transactionalId)) {
    return errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
  }
  if (!allows(context, 'Read', 'Group', groupId)) return errorCodes.GROUP_AUTHORIZATION_FAILED;
  return coordinates(context.broker, groupId) ? errorCodes.NONE : errorCodes.NOT_COORDINATOR;
}

/** Sees to it that the group belongs to the transaction; answers the error code that refuses the offsets, or 0. */
async function admit(request: TxnOffsetCommitRequest, { broker, apiVersion }: RequestContext): Promise<number> {
  const { transactionalId, producerId, producerEpoch: epoch, groupId } = request;
  const { transactions } = broker.cluster;
  const producer = { producerId, epoch };
  const implicitAdd = apiVersion >= implicitAddVersion;
  let error = errorCodes.NONE as number;
  if (implicitAdd) error = await transactions.add(transactionalId, producer, { topics: [], groups: [groupId] }, true);
  if (error === errorCodes.NONE) error = transactions.checkGroup(transactionalId, producer, groupId);
  const retryAs = errorCodes.COORDINATOR_NOT_AVAILABLE;
  return writerError(error, { abortable: apiVersion >= abortableVersion, implicitAdd, retryAs });
}
