/** Changes as the records that they become: Debezium's envelopes, keys and tombstones. */
import type { HeadersInput } from '@millrace/client';
import type { Lsn } from '../replication/lsn.ts';
import type { DeleteMessage, InsertMessage, UpdateMessage } from '../replication/pgoutput/message.ts';
import { TupleBytes } from '../replication/pgoutput/tuple-bytes.ts';

export type Payload = string | Uint8Array;

export interface ChangeRecord {
  readonly topic: string;
  readonly key: Payload | null;
  /** Null of a tombstone. */
  readonly value: Payload | null;
  readonly headers?: HeadersInput | undefined;
  readonly partition?: number | undefined;
}

export interface Origin {
  readonly database: string;
  /** Of the capture: Debezium's `name`. */
  readonly name: string;
  readonly topicOf: (schema: string, table: string) => string;
  readonly schemaTopic: string;
  readonly transactionTopic: string;
}

/** The transaction that a change is of. One object stands for one transaction. */
export interface ChangePlace {
  readonly xid: number;
  readonly lsn: Lsn;
  readonly commitMs: number;
  readonly nowMs: number;
  readonly isSnapshot: boolean;
}

/** Where an event stands in its transaction. */
export interface EventOrder {
  readonly id: string;
  readonly total: number;
  readonly ofTable: number;
}

/** An event of a table, before it is written in a format. */
export interface RowEvent {
  readonly op: 'r' | 'c' | 'u' | 'd' | 't';
  /** Values that were not sent are undefined. */
  readonly before: TupleBytes | null;
  readonly after: TupleBytes | null;
  readonly place: ChangePlace;
  readonly order: EventOrder | undefined;
}

/** Writes events of one shape of a table. */
export interface EventWriter {
  /** `schema.table`. */
  readonly table: string;
  readonly topic: string;
  readonly headers: HeadersInput;
  /** Null of a table whose rows nothing tells apart. */
  key(row: TupleBytes): Payload | null;
  value(event: RowEvent): Payload;
  /** Equal for rows of the same key; undefined where nothing tells rows apart. */
  identity(row: TupleBytes): string | undefined;
}

export function changeRecords(
  change: InsertMessage | UpdateMessage | DeleteMessage,
  writer: EventWriter,
  { place, next }: { readonly place: ChangePlace; readonly next: () => EventOrder | undefined },
): ChangeRecord[] {
  const { topic, headers } = writer;
  switch (change.kind) {
    case 'insert': {
      const { after } = change;
      const value = writer.value({ op: 'c', before: null, after, place, order: next() });
      return [{ topic, headers, key: writer.key(after), value }];
    }
    case 'update': {
      const { before, isBeforeWhole, after } = change;
      const filled = isBeforeWhole ? merged(after, before) : after;
      const key = writer.key(filled);
      if (before !== undefined && key !== null && writer.identity(before) !== writer.identity(filled)) {
        // Readers of the old key hear that it is gone, those of the new one that it is there.
        const gone = { op: 'd', before: isBeforeWhole ? before : nulls(before), after: null } as const;
        const come = { op: 'c', before: null, after: filled } as const;
        const old = writer.key(before);
        return [
          { topic, headers, key: old, value: writer.value({ ...gone, place, order: next() }) },
          { topic, headers, key: old, value: null },
          { topic, headers, key, value: writer.value({ ...come, place, order: next() }) },
        ];
      }
      const shown = isBeforeWhole && before !== undefined ? before : null;
      const value = writer.value({ op: 'u', before: shown, after: filled, place, order: next() });
      return [{ topic, headers, key, value }];
    }
    case 'delete': {
      const { before, isBeforeWhole } = change;
      const key = writer.key(before);
      const old = isBeforeWhole ? before : nulls(before);
      const value = writer.value({ op: 'd', before: old, after: null, place, order: next() });
      const record = { topic, headers, key, value };
      return key === null ? [record] : [record, { topic, headers, key, value: null }];
    }
  }
}

export function snapshotRecord(row: TupleBytes, writer: EventWriter, place: ChangePlace): ChangeRecord {
  const { topic, headers } = writer;
  const value = writer.value({ op: 'r', before: null, after: row, place, order: undefined });
  return { topic, headers, key: writer.key(row), value };
}

export function truncateRecord(writer: EventWriter, place: ChangePlace, order: EventOrder | undefined): ChangeRecord {
  const { topic, headers } = writer;
  return { topic, headers, key: null, value: writer.value({ op: 't', before: null, after: null, place, order }) };
}

function merged(after: TupleBytes, before: TupleBytes | undefined): TupleBytes {
  if (before === undefined || after.isWhole) return after;
  const old = before.values();
  return TupleBytes.of(after.values().map((value, index) => (value === undefined ? old[index] : value)));
}

/** Columns of which the old row was not sent are null, as Debezium has them. */
function nulls(before: TupleBytes): TupleBytes {
  return before.isWhole ? before : TupleBytes.of(before.values().map((value) => value ?? null));
}
