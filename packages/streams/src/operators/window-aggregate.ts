/**
 * Aggregates in windows of fixed length. A window's row lies at its start; a record is late for a window when stream
 * time has reached the window's end and grace.
 *
 * With `close`, windows go on in the order of their ends as soon as stream time has closed them, before the record that
 * closed them is worked on. At each commit all windows that are closed by then have gone on, so that after a restart
 * stream time alone says which are still to come.
 */
import type { Operator } from '../topology/node.ts';
import { firstStart, type TimeWindows, type Windowed } from '../topology/windows.ts';
import type { Aggregation } from './aggregate.ts';
import { sendAtCommit } from './send-at-commit.ts';
import { closeWindows, type WindowedAggregate, type WindowForm, windowedOperator } from './windowed-operator.ts';

export function windowAggregateOperator(definition: WindowedAggregate<TimeWindows, Aggregation>): Operator {
  const { store, windows, emit, value: serde } = definition;
  const { initial, add } = definition.aggregation;
  const { sizeMs, advanceMs, graceMs } = windows;
  const windowOf = (start: number) => ({ start, end: start + sizeMs });
  const results: WindowForm = { store, value: serde, valueOf: (row) => row, windowOf };
  // A record is late by the window's end, in whatever order records come.
  return windowedOperator(definition, 0, (parts) => {
    const { context, rows, send, drop } = parts;
    const { cursor } = context;
    const closing = emit === 'close' ? closeWindows(parts, results, sizeMs + graceMs) : undefined;
    if (emit === 'commit') {
      sendAtCommit(context, results, (key, start, row) => {
        cursor.loadOwn({ key, start, end: start + sizeMs } satisfies Windowed<unknown>, row, context.streamTime);
        send(cursor);
      });
    }
    return (record) => {
      const { key, value, timestamp } = record;
      const open = context.lateTime(record) - sizeMs - graceMs;
      let isLate = true;
      for (let start = firstStart(windows, timestamp); start <= timestamp; start += advanceMs) {
        if (start <= open) continue;
        isLate = false;
        const result = add(context.lend(rows.get(key, start)) ?? initial(), value, record);
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
