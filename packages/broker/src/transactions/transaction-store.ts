/**
 * All transactional ids of a cluster, as the journal has them. State changes only when an entry is written, so what is
 * read here is what a restart would find.
 */
import type { Journal, JournalSection } from '../journal/journal.ts';
import { Transaction, type TransactionFacts } from './transaction.ts';

/** Partitions by topic id, and groups. */
export interface Participants {
  readonly topics: readonly (readonly [topicId: string, partitions: readonly number[]])[];
  readonly groups: readonly string[];
}

type TransactionEntry =
  | { readonly kind: 'change'; readonly id: string; readonly facts: TransactionFacts }
  | ({
      readonly kind: 'add';
      readonly id: string;
      /** Wall-clock milliseconds. */
      readonly at: number;
      readonly bumpsEpoch: boolean;
    } & Participants)
  | { readonly kind: 'forget'; readonly ids: readonly string[] };

export class TransactionStore {
  readonly #section: JournalSection<TransactionEntry>;
  readonly #transactions = new Map<string, Transaction>();

  /** Registers the section `transactions`; the journal is opened later. */
  constructor(journal: Journal) {
    this.#section = journal.section<TransactionEntry>('transactions', {
      apply: (entry) => this.#apply(entry),
      snapshot: () => this.#snapshot(),
    });
  }

  get(id: string): Transaction | undefined {
    return this.#transactions.get(id);
  }

  all(): Iterable<Transaction> {
    return this.#transactions.values();
  }

  /** Holds the place of an id of which nothing is stored yet. */
  reserve(transaction: Transaction): void {
    this.#transactions.set(transaction.id, transaction);
  }

  /** Gives up a place that was held. */
  release(id: string): void {
    this.#transactions.delete(id);
  }

  /** These methods reject as `JournalSection.append` does. */
  change(id: string, facts: TransactionFacts): Promise<void> {
    return this.#section.append({ kind: 'change', id, facts });
  }

  /** Adds to the transaction under way, or begins one. */
  add(id: string, participants: Participants, at: number, bumpsEpoch: boolean): Promise<void> {
    return this.#section.append({ kind: 'add', id, at, bumpsEpoch, ...participants });
  }

  forget(ids: readonly string[]): Promise<void> {
    return this.#section.append({ kind: 'forget', ids });
  }

  #apply(entry: TransactionEntry): void {
    if (entry.kind === 'forget') {
      for (const id of entry.ids) this.#transactions.delete(id);
      return;
    }
    const transaction = this.#transactions.get(entry.id);
    if (entry.kind === 'add') {
      if (transaction !== undefined) add(transaction, entry, entry.at, entry.bumpsEpoch);
      return;
    }
    if (transaction === undefined) {
      this.#transactions.set(entry.id, new Transaction(entry.id, entry.facts));
      return;
    }
    transaction.facts = entry.facts;
    if (transaction.isOpen || transaction.isEnding) return;
    transaction.partitions.clear();
    transaction.groups.clear();
  }

  *#snapshot(): Iterable<TransactionEntry> {
    for (const { id, facts, partitions, groups } of this.#transactions.values()) {
      if (facts.epoch < 0) continue;
      if (partitions.size === 0 && groups.size === 0) {
        yield { kind: 'change', id, facts };
        continue;
      }
      // Participants are added to an open transaction, whatever has become of it since.
      yield { kind: 'change', id, facts: { ...facts, state: 'Ongoing' } };
      const topics = [...partitions].map(([topicId, indexes]) => [topicId, [...indexes]] as const);
      yield { kind: 'add', id, at: facts.updatedAt, bumpsEpoch: facts.bumpsEpoch, topics, groups: [...groups] };
      yield { kind: 'change', id, facts };
    }
  }
}

function add(transaction: Transaction, { topics, groups }: Participants, at: number, bumpsEpoch: boolean): void {
  const { facts } = transaction;
  const startedAt = transaction.isOpen ? facts.startedAt : at;
  const previousProducerId = facts.producerId;
  transaction.facts = { ...facts, state: 'Ongoing', startedAt, updatedAt: at, previousProducerId, bumpsEpoch };
  for (const [topicId, indexes] of topics) {
    const known = transaction.partitions.get(topicId);
    if (known === undefined) transaction.partitions.set(topicId, new Set(indexes));
    else for (const index of indexes) known.add(index);
  }
  for (const group of groups) transaction.groups.add(group);
}
