/**
 * The quotas that were set, kept in the cluster's journal, and which one is in force for somebody. The one for the most
 * precise entity wins, users before clients, as in Kafka.
 */
import type { Journal, JournalSection } from '../journal/journal.ts';
import { type EntityType, entityKey, entityTypes, type QuotaEntity } from './quota-entity.ts';

export const clientQuotaKeys = {
  producer: 'producer_byte_rate',
  consumer: 'consumer_byte_rate',
  request: 'request_percentage',
  mutation: 'controller_mutation_rate',
} as const;
export const addressQuotaKey = 'connection_creation_rate';

export type ClientQuotaKey = (typeof clientQuotaKeys)[keyof typeof clientQuotaKeys];

/** A quota set for an entity, or with null unset. */
export interface QuotaChange {
  readonly entity: QuotaEntity;
  readonly key: string;
  readonly value: number | null;
}

export interface QuotaRow {
  readonly entity: QuotaEntity;
  /** Values by key. */
  readonly values: ReadonlyMap<string, number>;
}

/** The quota in force for somebody. */
export interface QuotaInForce {
  readonly limit: number;
  /** Everybody with the same one shares it. */
  readonly sharers: string;
}

export class QuotaTable {
  readonly #section: JournalSection<QuotaChange>;
  readonly #rows = new Map<string, { readonly entity: QuotaEntity; readonly values: Map<string, number> }>();
  readonly #onChange: () => void;
  /** For how many entities a quota of each key is set. */
  readonly #counts = new Map<string, number>();

  /** Before the journal is opened. */
  constructor(journal: Journal, onChange: () => void) {
    this.#onChange = onChange;
    this.#section = journal.section<QuotaChange>('client-quotas', {
      apply: (change) => this.#apply(change),
      snapshot: () => this.#snapshot(),
    });
  }

  rows(): Iterable<QuotaRow> {
    return this.#rows.values();
  }

  /** Whether a quota of this key is set for anybody. */
  has(key: string): boolean {
    return (this.#counts.get(key) ?? 0) > 0;
  }

  /** Sets and unsets, in one write. Rejects with `DiskError` or the journal's errors. */
  async change(changes: readonly QuotaChange[]): Promise<void> {
    await Promise.all(changes.map((change) => this.#section.append(change)));
  }

  valueOf(entity: QuotaEntity, key: string): number | undefined {
    return this.#rows.get(entityKey(entity))?.values.get(key);
  }

  /** The quota of a user's client. */
  clientQuota(key: ClientQuotaKey, user: string, clientId: string): QuotaInForce | undefined {
    const found = (entity: QuotaEntity, ...sharers: string[]): QuotaInForce | undefined => {
      const limit = this.valueOf(entity, key);
      return limit === undefined ? undefined : { limit, sharers: JSON.stringify(sharers) };
    };
    return (
      found({ user, 'client-id': clientId }, user, clientId) ??
      found({ user, 'client-id': null }, user, clientId) ??
      found({ user }, user) ??
      found({ user: null, 'client-id': clientId }, user, clientId) ??
      found({ user: null, 'client-id': null }, user, clientId) ??
      found({ user: null }, user) ??
      found({ 'client-id': clientId }, '', clientId) ??
      found({ 'client-id': null }, '', clientId)
    );
  }

  /** How many connections a second an address may open. */
  addressQuota(host: string): number | undefined {
    if (!this.has(addressQuotaKey)) return undefined;
    return this.valueOf({ ip: host }, addressQuotaKey) ?? this.valueOf({ ip: null }, addressQuotaKey);
  }

  #apply({ entity, key, value }: QuotaChange): void {
    const id = entityKey(entity);
    const row = this.#rows.get(id) ?? { entity: plain(entity), values: new Map<string, number>() };
    const before = row.values.size;
    if (value === null) row.values.delete(key);
    else row.values.set(key, value);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + row.values.size - before);
    if (row.values.size === 0) this.#rows.delete(id);
    else this.#rows.set(id, row);
    this.#onChange();
  }

  *#snapshot(): Iterable<QuotaChange> {
    for (const { entity, values } of this.#rows.values()) {
      for (const [key, value] of values) yield { entity, key, value };
    }
  }
}

function plain(entity: QuotaEntity): QuotaEntity {
  const parts: { [type in EntityType]?: string | null } = {};
  for (const type of entityTypes) {
    const name = entity[type];
    if (name !== undefined) parts[type] = name;
  }
  return parts;
}
