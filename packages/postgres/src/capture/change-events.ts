/** Changes as the records that they become: Debezium's envelopes, keys and tombstones. */
import type { Lsn } from '../replication/lsn.ts';
import type { DeleteMessage, InsertMessage, Tuple, UpdateMessage } from '../replication/pgoutput/message.ts';
import type { TableEncoder } from './table-encoder.ts';

export interface ChangeRecord {
  readonly topic: string;
  readonly key: string | null;
  /** Null of a tombstone. */
  readonly value: string | null;
}

export interface Origin {
  readonly database: string;
  /** Of the capture: Debezium's `name`. */
  readonly name: string;
  readonly topicOf: (schema: string, table: string) => string;
}

/** The transaction that a change is of. */
export interface ChangePlace {
  readonly xid: number;
  readonly lsn: Lsn;
  readonly commitMs: number;
  readonly nowMs: number;
  readonly isSnapshot: boolean;
}

export function changeRecords(
  change: InsertMessage | UpdateMessage | DeleteMessage,
  encoder: TableEncoder,
  where: { readonly origin: Origin; readonly place: ChangePlace },
): ChangeRecord[] {
  const topic = where.origin.topicOf(encoder.schema, encoder.table);
  const made = (op: string, before: string, after: string): string =>
    envelope({ op, before, after, encoder, ...where });
  switch (change.kind) {
    case 'insert': {
      const key = encoder.key(change.after) ?? null;
      return [{ topic, key, value: made('c', 'null', encoder.row(change.after)) }];
    }
    case 'update': {
      const { before, isBeforeWhole, after } = change;
      const filled = isBeforeWhole ? merged(after, before) : after;
      const key = encoder.key(filled) ?? null;
      const old = before === undefined ? null : (encoder.key(before) ?? null);
      const row = encoder.row(filled);
      if (old !== null && old !== key && before !== undefined) {
        // Readers of the old key hear that it is gone, those of the new one that it is there.
        return [
          { topic, key: old, value: made('d', encoder.row(before, isBeforeWhole ? undefined : nulls(before)), 'null') },
          { topic, key: old, value: null },
          { topic, key, value: made('c', 'null', row) },
        ];
      }
      const shown = isBeforeWhole && before !== undefined ? encoder.row(before) : 'null';
      return [{ topic, key, value: made('u', shown, row) }];
    }
    case 'delete': {
      const { before, isBeforeWhole } = change;
      const key = encoder.key(before) ?? null;
      const value = made('d', encoder.row(before, isBeforeWhole ? undefined : nulls(before)), 'null');
      return key === null
        ? [{ topic, key, value }]
        : [
            { topic, key, value },
            { topic, key, value: null },
          ];
    }
  }
}

export function snapshotRecord(
  row: Tuple,
  encoder: TableEncoder,
  where: { readonly origin: Origin; readonly place: ChangePlace },
): ChangeRecord {
  const topic = where.origin.topicOf(encoder.schema, encoder.table);
  const value = envelope({ op: 'r', before: 'null', after: encoder.row(row), encoder, ...where });
  return { topic, key: encoder.key(row) ?? null, value };
}

export function truncateRecord(
  encoder: TableEncoder,
  where: { readonly origin: Origin; readonly place: ChangePlace },
): ChangeRecord {
  const topic = where.origin.topicOf(encoder.schema, encoder.table);
  return { topic, key: null, value: envelope({ op: 't', before: 'null', after: 'null', encoder, ...where }) };
}

function envelope(event: {
  readonly op: string;
  readonly before: string;
  readonly after: string;
  readonly encoder: TableEncoder;
  readonly origin: Origin;
  readonly place: ChangePlace;
}): string {
  const { op, before, after, encoder, origin, place } = event;
  const { xid, lsn, commitMs, nowMs, isSnapshot } = place;
  return (
    `{"before":${before},"after":${after},"source":{"version":"0.1.0","connector":"postgresql","name":` +
    `${JSON.stringify(origin.name)},"ts_ms":${commitMs},"snapshot":"${isSnapshot ? 'incremental' : 'false'}",` +
    `"db":${JSON.stringify(origin.database)},"schema":${JSON.stringify(encoder.schema)},"table":` +
    `${JSON.stringify(encoder.table)},"txId":${isSnapshot ? 'null' : xid},"lsn":${lsn},"xmin":null},` +
    `"op":"${op}","ts_ms":${nowMs},"transaction":null}`
  );
}

function merged(after: Tuple, before: Tuple | undefined): Tuple {
  return before === undefined ? after : after.map((value, index) => (value === undefined ? before[index] : value));
}

/** Columns of which the old row was not sent are null, as Debezium has them. */
function nulls(before: Tuple): Tuple {
  return before.map((value) => value ?? null);
}
