/** How many events a transaction of the source has so far, and the markers around them (Debezium's form). */
import type { TransactionMarker } from '../change-events/change-event.ts';
import type { BeginMessage } from '../replication/pgoutput/message.ts';
import type { ChangeRecord, EventOrder, Origin } from './change-events.ts';

export class TransactionOrder {
  readonly #origin: Origin;
  readonly #id: string;
  readonly #commitMs: number;
  readonly #events: Map<string, number>;
  #total: number;

  /** `events`: by table, those that Kafka has already. */
  constructor(origin: Origin, begin: BeginMessage, events: ReadonlyMap<string, number> = new Map()) {
    this.#origin = origin;
    this.#id = `${begin.xid}:${begin.finalLsn}`;
    this.#commitMs = Number(begin.commitMicros / 1000n);
    this.#events = new Map(events);
    this.#total = [...events.values()].reduce((sum, count) => sum + count, 0);
  }

  get events(): ReadonlyMap<string, number> {
    return this.#events;
  }

  get hasEvents(): boolean {
    return this.#total > 0;
  }

  /** The next event, of a table `schema.table`. */
  next(table: string): EventOrder {
    const ofTable = (this.#events.get(table) ?? 0) + 1;
    this.#events.set(table, ofTable);
    return { id: this.#id, total: ++this.#total, ofTable };
  }

  begun(): ChangeRecord {
    return this.#marker({ status: 'BEGIN', event_count: null, data_collections: null });
  }

  ended(): ChangeRecord {
    const collections = [...this.#events].map(([table, count]) => ({ data_collection: table, event_count: count }));
    return this.#marker({ status: 'END', event_count: this.#total, data_collections: collections });
  }

  #marker(what: Pick<TransactionMarker, 'status' | 'event_count' | 'data_collections'>): ChangeRecord {
    const { status, ...counts } = what;
    const marker: TransactionMarker = { status, id: this.#id, ts_ms: this.#commitMs, ...counts };
    return {
      topic: this.#origin.transactionTopic,
      key: JSON.stringify({ id: this.#id }),
      value: JSON.stringify(marker),
    };
  }
}
