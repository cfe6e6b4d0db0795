/**
 * Holds changes of a table back, so that of each key the newest goes on once in a while: when stream time is so much
 * past where it was when the first of them came. Rows lie at that time; what has gone on follows from stream time.
 */
import type { WindowDefinition } from '../state/store-definition.ts';
import type { Receiver } from '../task/cursor.ts';
import type { AnySerde, Operator } from '../topology/node.ts';
import { closeRows } from './close-rows.ts';

/** A change that is held back. */
export interface HeldChange {
  /** Undefined where the row is gone. */
  readonly value: unknown;
  /** Event time of the change, in ms since 1970. */
  readonly timestamp: number;
}

/** `value` is the serde of the table's values. */
export function suppressOperator(store: WindowDefinition, value: AnySerde, forMs: number): Operator {
  const results = { store, value, valueOf: (held: unknown) => (held as HeldChange).value };
  return {
    kind: 'suppress',
    name: store.name,
    detail: `for=${forMs}`,
    stores: [store],
    holdsBackMs: forMs,
    connect: (context, [next]) => {
      const send = next as Receiver;
      const rows = context.store(store);
      const { cursor } = context;
      const closing = closeRows(context, results, forMs, (key, _, held) => {
        const { value, timestamp } = held as HeldChange;
        cursor.loadOwn(key, value ?? null, timestamp);
        send(cursor);
      });
      return (record) => {
        const { key, timestamp } = record;
        const { streamTime } = context;
        const held: HeldChange = { value: record.value ?? undefined, timestamp };
        let isHeld = false;
        rows.fetch(key, streamTime - forMs + 1, streamTime, (_, __, replace) => {
          isHeld = true;
          replace(held);
        });
        if (isHeld) return;
        rows.put(key, streamTime, held);
        closing.opened(streamTime);
      };
    },
  };
}
