/**
 * Aggregates in windows of fixed length. A window's row lies at its start; a record is late for a window when stream
 * time has reached the window's end and grace.
 *
 * With `close`, windows go on in the order of their ends as soon as stream time has closed them, before the record that
 * closed them is worked on. At each commit all windows that are closed by then have gone on, so that after a restart
 * stream time alone says which are still to come.
 */
import type { WindowDefinition } from '../state/store-definition.ts';
import type { Receiver } from '../task/cursor.ts';
import type { OperatorContext } from '../task/operator-context.ts';
import type { Operator } from '../topology/node.ts';
import { firstStart, type TimeWindows, type Windowed } from '../topology/windows.ts';
import type { Aggregation, Emit } from './aggregate.ts';
import { closeRows } from './close-rows.ts';
import { windowedOperator } from './windowed-operator.ts';

export function windowAggregateOperator(
  store: WindowDefinition,
  windows: TimeWindows,
  { initial, add }: Aggregation,
  emit: Emit,
): Operator {
  const { sizeMs, advanceMs, graceMs } = windows;
  return windowedOperator({ store, windows, emit }, ({ context, rows, send, drop }) => {
    const closing = emit === 'close' ? closeWindows(context, store, windows, send) : undefined;
    if (emit === 'commit') sendAtCommit(context, store, sizeMs, send);
    return (record) => {
      const { key, value, timestamp } = record;
      const open = context.lateTime(record) - sizeMs - graceMs;
      let isLate = true;
      for (let start = firstStart(windows, timestamp); start <= timestamp; start += advanceMs) {
        if (start <= open) continue;
        isLate = false;
        const result = add(rows.get(key, start) ?? initial(), value, record);
        rows.put(key, start, result);
        if (emit === 'change') {
          record.sendAs(send, { key, start, end: start + sizeMs } satisfies Windowed<unknown>, result, timestamp);
          record.value = value;
        } else closing?.opened(start);
      }
      if (isLate) drop(record);
    };
  });
}

function closeWindows(
  context: OperatorContext,
  store: WindowDefinition,
  { sizeMs, graceMs }: TimeWindows,
  send: Receiver,
): { opened(start: number): void } {
  const { cursor } = context;
  return closeRows(context, store, sizeMs + graceMs, (key, start, value) => {
    const end = start + sizeMs;
    cursor.loadOwn({ key, start, end } satisfies Windowed<unknown>, value, end - 1);
    send(cursor);
  });
}

function sendAtCommit(context: OperatorContext, store: WindowDefinition, sizeMs: number, send: Receiver): void {
  const rows = context.store(store);
  context.onCommit(() => {
    const { cursor, streamTime } = context;
    for (const { key, time: start, value } of rows.changes()) {
      cursor.loadOwn({ key, start, end: start + sizeMs } satisfies Windowed<unknown>, value, streamTime);
      send(cursor);
    }
  });
}
