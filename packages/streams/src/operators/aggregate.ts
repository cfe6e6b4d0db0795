/** Aggregates of all records of a key, and tables: the newest value of each key. */
import type { KeyValueDefinition } from '../state/store-definition.ts';
import type { Cursor, Receiver } from '../task/cursor.ts';
import type { Operator } from '../topology/node.ts';
import { sendAtCommit } from './send-at-commit.ts';

/** When results go on: at every change, once a commit, or (of windows) when nothing can change them any more. */
export type Emit = 'change' | 'commit' | 'close';

/** How records become one value. */
export interface Aggregation {
  /** Undefined: the first record's own `add` gets undefined. */
  readonly initial: () => unknown;
  /** Null or undefined deletes. */
  readonly add: (aggregate: unknown, value: unknown, record: Cursor) => unknown;
}

export function aggregateOperator(
  store: KeyValueDefinition,
  { initial, add }: Aggregation,
  emit: 'change' | 'commit',
): Operator {
  return {
    kind: 'aggregate',
    name: store.name,
    detail: emit === 'commit' ? 'emit=commit' : undefined,
    stores: [store],
    connect: (context, [next]) => {
      const send = next as Receiver;
      const rows = context.store(store);
      if (emit === 'commit') {
        const { cursor } = context;
        sendAtCommit(context, { store, value: store.value, valueOf: (row) => row }, (key, _, row) => {
          cursor.loadOwn(key, row, context.streamTime);
          send(cursor);
        });
      }
      return (record) => {
        const { key } = record;
        const result = add(context.lend(rows.get(key)) ?? initial(), record.value, record);
        rows.put(key, result);
        if (emit === 'change') record.send(send, result ?? undefined);
      };
    },
  };
}

/** Keeps the newest value of each key; null deletes. */
export function tableOperator(store: KeyValueDefinition): Operator {
  return {
    kind: 'table',
    name: store.name,
    stores: [store],
    connect: (context, [next]) => {
      const send = next as Receiver;
      const rows = context.store(store);
      return (record) => {
        const value = record.value ?? undefined;
        rows.put(record.key, value);
        record.send(send, value);
      };
    },
  };
}
