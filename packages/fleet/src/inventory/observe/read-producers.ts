/**
 * Who writes, as far as Kafka tells: transactional ids of coordinators, and the producer ids that leaders remember.
 * Both together give a name to producers with transactions; those of others stay numbers.
 */
import type { Connection } from '@millrace/client/protocol';
import { describeProducers, listTransactions } from '@millrace/wire';
import type { SeenProducer } from './observation.ts';

/** Transactional ids by producer id, of a coordinator. None where we may not see them, or it is too old. */
export async function readTransactionalIds(
  connection: Connection,
  timeoutMs: number,
  into: Map<number, string>,
): Promise<void> {
  if (!connection.supports(listTransactions, 0)) return;
  const draft = { stateFilters: [], producerIdFilters: [] };
  const response = await connection.request(listTransactions, draft, { timeoutMs });
  if (response.errorCode !== 0) return;
  for (const { transactionalId, producerId } of response.transactionStates) into.set(producerId, transactionalId);
}

/** A partition that its leader is to be asked for, by topic. */
export type ProducerQuestions = ReadonlyMap<string, number>;

export async function readProducers(
  connection: Connection,
  questions: ProducerQuestions,
  timeoutMs: number,
): Promise<SeenProducer[]> {
  if (questions.size === 0 || !connection.supports(describeProducers, 0)) return [];
  const topics = [...questions].map(([name, partition]) => ({ name, partitionIndexes: [partition] }));
  const response = await connection.request(describeProducers, { topics }, { timeoutMs });
  const seen: SeenProducer[] = [];
  for (const { name, partitions } of response.topics) {
    for (const { errorCode, activeProducers } of partitions) {
      if (errorCode !== 0) continue;
      for (const { producerId, lastTimestamp } of activeProducers) {
        seen.push({ topic: name, producerId, wroteAt: lastTimestamp });
      }
    }
  }
  return seen;
}
