/** The changes of a transactional id as rules without effects: what the facts are after each, or why it is refused. */
import { errorCodes } from '@millrace/wire';
import { epochMax, isExhausted, type TransactionFacts } from './transaction.ts';

/** The producer id and epoch that a client says it has. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly epoch: number;
}

/** Of an id that was never used. */
export function newFacts(producerId: number, timeoutMs: number, now: number): TransactionFacts {
  return {
    state: 'Empty',
    producerId,
    epoch: -1,
    lastEpoch: -1,
    previousProducerId: -1,
    nextProducerId: -1,
    timeoutMs,
    startedAt: -1,
    updatedAt: now,
    bumpsEpoch: false,
  };
}

/**
 * Whether a producer that names its identity may go on (KIP-360): it has the present producer id, or the one before,
 * all of whose epochs it used up.
 */
export function mayContinue(facts: TransactionFacts, expected: ProducerIdentity): boolean {
  if (facts.epoch < 0 || expected.producerId === facts.producerId) return true;
  return expected.producerId === facts.previousProducerId && isExhausted(expected.epoch);
}

/** With a producer id of which no epoch was given yet. */
export function afterRotation(
  facts: TransactionFacts,
  producerId: number,
  timeoutMs: number,
  now: number,
  keepsLastEpoch: boolean,
): TransactionFacts {
  return {
    ...begun(facts, timeoutMs, now),
    producerId,
    epoch: 0,
    lastEpoch: keepsLastEpoch ? facts.epoch : -1,
  };
}

/**
 * For the next producer, or the same one after an error: a new epoch, which fences the one before. A producer that asks
 * again because it missed the answer gets the same once more. Otherwise the error code for one that was fenced.
 */
export function afterNewProducer(
  facts: TransactionFacts,
  expectedEpoch: number | undefined,
  timeoutMs: number,
  now: number,
): TransactionFacts | number {
  const next = begun(facts, timeoutMs, now);
  if (expectedEpoch === undefined) return { ...next, epoch: facts.epoch + 1, lastEpoch: -1 };
  if (facts.epoch < 0 || expectedEpoch === facts.epoch) {
    return { ...next, epoch: facts.epoch + 1, lastEpoch: facts.epoch };
  }
  return expectedEpoch === facts.lastEpoch ? next : errorCodes.PRODUCER_FENCED;
}

/** Decides the outcome as the client asks for it. `nextProducerId` is for the time after, -1 where there is no need. */
export function afterPrepare(
  facts: TransactionFacts,
  commit: boolean,
  bumpsEpoch: boolean,
  nextProducerId: number,
  now: number,
): TransactionFacts {
  const isEmpty = facts.state !== 'Ongoing';
  const broken = facts.epoch === epochMax && !commit;
  return {
    ...facts,
    state: commit ? 'PrepareCommit' : 'PrepareAbort',
    previousProducerId: facts.producerId,
    nextProducerId,
    epoch: bumpsEpoch && !broken ? facts.epoch + 1 : facts.epoch,
    lastEpoch: bumpsEpoch ? facts.epoch : facts.lastEpoch,
    startedAt: isEmpty ? now : facts.startedAt,
    updatedAt: now,
    bumpsEpoch,
  };
}

/** Aborts with a new epoch, so that the producer can't go on: another took its place, or it took too long. */
export function afterFence(facts: TransactionFacts, bumpsEpoch: boolean, now: number): TransactionFacts {
  return {
    ...facts,
    state: 'PrepareAbort',
    previousProducerId: facts.producerId,
    epoch: Math.min(facts.epoch + 1, epochMax),
    lastEpoch: bumpsEpoch ? facts.epoch : -1,
    updatedAt: now,
    bumpsEpoch,
  };
}

/** Once the outcome is known everywhere. */
export function afterCompletion(facts: TransactionFacts, now: number): TransactionFacts {
  return {
    ...facts,
    ...producerAfter(facts),
    state: facts.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort',
    previousProducerId: facts.producerId,
    nextProducerId: -1,
    updatedAt: now,
  };
}

/** The identity with which the client goes on after a transaction that is ending. */
export function producerAfter({ producerId, epoch, nextProducerId }: TransactionFacts): ProducerIdentity {
  return nextProducerId < 0 ? { producerId, epoch } : { producerId: nextProducerId, epoch: 0 };
}

function begun(facts: TransactionFacts, timeoutMs: number, now: number): TransactionFacts {
  return {
    ...facts,
    state: 'Empty',
    previousProducerId: facts.producerId,
    nextProducerId: -1,
    timeoutMs,
    startedAt: -1,
    updatedAt: now,
  };
}
