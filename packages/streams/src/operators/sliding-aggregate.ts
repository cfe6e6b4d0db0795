/**
 * Aggregates in sliding windows: one for each set of records of a key that are no more than a difference apart. A
 * window begins so much before a record (and ends with it), or right behind a record, and holds the times from its
 * start to its start plus the difference, both included.
 *
 * The store keeps the records, since a record that comes late changes windows in their middle; a window is computed
 * from them in the order of their times whenever it is sent.
 *
 * A record is late when it can be in no window that is open. Behind a repartition topic, where the order of records is
 * not that of their senders' stream times, a window is closed a difference later: when no record can be in it any more
 * that is not late.
 */
import type { ResultForm } from '../task/result-form.ts';
import type { Operator } from '../topology/node.ts';
import type { SlidingWindows, Windowed } from '../topology/windows.ts';
import { type WindowedAggregate, type WindowedParts, windowedOperator } from './windowed-operator.ts';

export interface SlidingAggregation {
  readonly initial: () => unknown;
  readonly add: (aggregate: unknown, value: unknown) => unknown;
}

export function slidingAggregateOperator(definition: WindowedAggregate<SlidingWindows, SlidingAggregation>): Operator {
  const { store, windows, aggregation, emit, value: serde } = definition;
  const { differenceMs, graceMs } = windows;
  return windowedOperator(definition, differenceMs, (parts) => {
    const { context, rows, send, drop, settleMs } = parts;
    const resultOf = (key: unknown, start: number): unknown => {
      let result = aggregation.initial();
      rows.fetch(key, start, start + differenceMs, (value) => {
        result = aggregation.add(result, value);
      });
      return result;
    };
    const results: ResultForm = {
      store,
      value: serde,
      valueOf: (_, start, key) => resultOf(key, start),
      windowOf: (start) => ({ start, end: start + differenceMs + 1 }),
    };
    const closing = emit === 'close' ? closeSlidingWindows(parts, windows, results) : undefined;
    return (record) => {
      const { key, value, timestamp } = record;
      // Windows that begin up to here are closed.
      const closed = context.streamTime - differenceMs - 1 - graceMs - settleMs;
      if (timestamp <= context.lateTime(record) - differenceMs - 1 - graceMs) {
        return drop(record);
      }
      rows.append(key, timestamp, value);
      if (closing !== undefined) return closing.came(timestamp);
      const starts = new Set<number>();
      rows.fetch(key, timestamp - differenceMs - 1, timestamp + differenceMs, (_, time) => {
        if (time >= timestamp) starts.add(time - differenceMs);
        if (time < timestamp) starts.add(time + 1);
        else if (time > timestamp) starts.add(timestamp + 1);
      });
      for (const start of [...starts].sort((left, right) => left - right)) {
        if (start <= closed) continue;
        record.sendAs(send, windowOf(key, start, differenceMs), resultOf(key, start), timestamp);
      }
    };
  });
}

function windowOf(key: unknown, start: number, differenceMs: number): Windowed<unknown> {
  return { key, start, end: start + differenceMs + 1 };
}

function closeSlidingWindows(
  { context, rows, send, settleMs }: WindowedParts,
  { differenceMs, graceMs }: SlidingWindows,
  results: ResultForm,
): { came(time: number): void } {
  const { cursor } = context;
  const sendWindow = (key: unknown, start: number): void => {
    const value = results.valueOf(undefined, start, key);
    cursor.loadOwn(windowOf(key, start, differenceMs), value, start + differenceMs);
    send(cursor);
  };
  const waitMs = differenceMs + 1 + graceMs + settleMs;
  let closed = context.streamTime - waitMs;
  const timer = {
    dueAt: context.streamTime,
    fire(streamTime: number): void {
      const upTo = streamTime - waitMs;
      const found = new Map<number, Set<unknown>>();
      // A record begins two windows: so much before it, and right behind it where another follows.
      for (const { key, time } of rows.entries(closed, upTo + differenceMs)) {
        for (const start of [time - differenceMs, time + 1]) {
          if (start <= closed || start > upTo) continue;
          const keys = found.get(start);
          if (keys === undefined) found.set(start, new Set([key]));
          else keys.add(key);
        }
      }
      for (const start of [...found.keys()].sort((left, right) => left - right)) {
        for (const key of found.get(start) ?? []) {
          let isEmpty = true;
          rows.fetch(key, start, start + differenceMs, () => {
            isEmpty = false;
          });
          if (isEmpty) continue;
          context.attempt(results, key, start, undefined, sendWindow);
        }
      }
      closed = upTo;
      // The first record from here on begins a window before itself, or one of those looked at begins one behind.
      timer.dueAt = Math.min(rows.firstTime(upTo + 1) - differenceMs + waitMs, rows.firstTime(upTo) + 1 + waitMs);
    },
  };
  context.onStreamTime(timer);
  return {
    came: (time) => {
      // Nothing was due so far: a window that is closed by now stays without what comes for it.
      closed = Math.max(closed, context.streamTime - waitMs);
      const closesAt = time - differenceMs + waitMs;
      if (closesAt < timer.dueAt) timer.dueAt = Math.max(closesAt, context.streamTime + 1);
    },
  };
}
