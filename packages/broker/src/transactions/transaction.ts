/**
 * What a coordinator knows of one transactional id, and the states its transactions go through:
 *
 *     Empty -> Ongoing -> PrepareCommit -> CompleteCommit -> Ongoing ...
 *                      -> PrepareAbort  -> CompleteAbort  -> Ongoing ...
 *
 * Once a Prepare state is written the outcome is decided; Complete says that every partition and group knows it.
 */

export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort';

/** Names by which clients may filter: all states, and those that are never seen here. */
export const transactionStates: readonly string[] = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
];

/** What is stored of a transactional id besides the partitions and groups of its transaction. */
export interface TransactionFacts {
  readonly state: TransactionState;
  readonly producerId: number;
  /** -1 before a producer was given its first. */
  readonly epoch: number;
  /** The epoch before, if the same producer may still come back with it; -1 when it may not. */
  readonly lastEpoch: number;
  /** The producer id as of the last change. */
  readonly previousProducerId: number;
  /** The producer id from the end of the transaction on, when this one has no epochs left; -1 when it has. */
  readonly nextProducerId: number;
  readonly timeoutMs: number;
  /** Wall-clock milliseconds; -1 before the first transaction. */
  readonly startedAt: number;
  /** Wall-clock milliseconds. */
  readonly updatedAt: number;
  /** Whether each transaction ends with a new epoch, as since version 2 of transactions (KIP-890). */
  readonly bumpsEpoch: boolean;
}

/** The last epoch, which no client is given so that it can be fenced. */
export const epochMax = 2 ** 15 - 1;

/** Whether a producer id has no epoch left for its client. */
export function isExhausted(epoch: number): boolean {
  return epoch >= epochMax - 1;
}

export class Transaction {
  readonly id: string;
  facts: TransactionFacts;
  /** Of the transaction under way, by topic id. */
  readonly partitions = new Map<string, Set<number>>();
  /** Groups whose offsets belong to the transaction under way. */
  readonly groups = new Set<string>();
  /** A change that excludes others is being made. */
  isChanging = false;
  /** Partitions or groups are being added, so many times. */
  adding = 0;

  constructor(id: string, facts: TransactionFacts) {
    this.id = id;
    this.facts = facts;
  }

  get isOpen(): boolean {
    return this.facts.state === 'Ongoing';
  }

  /** The outcome is decided and not known everywhere yet. */
  get isEnding(): boolean {
    return this.facts.state === 'PrepareCommit' || this.facts.state === 'PrepareAbort';
  }

  has(topicId: string, partition: number): boolean {
    return this.partitions.get(topicId)?.has(partition) ?? false;
  }
}
