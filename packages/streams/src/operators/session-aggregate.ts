/**
 * Aggregates in sessions. A session's row lies at the time of its last record and holds its first; a record that
 * touches several sessions makes one of them.
 *
 * A session is closed when stream time has reached its last record, the gap, and the grace. A record is late when the
 * session that it would make is closed.
 *
 * Behind a repartition topic, where the order of records is not that of their senders' stream times, a record is late
 * by its own time instead, and a session is closed a gap later: when no record can touch it any more that is not late.
 */
import type { Operator } from '../topology/node.ts';
import type { SessionWindows, Windowed } from '../topology/windows.ts';
import type { Aggregation } from './aggregate.ts';
import { closeWindows, type WindowedAggregate, type WindowForm, windowedOperator } from './windowed-operator.ts';

export interface SessionAggregation extends Aggregation {
  /** One aggregate of two, the earlier first. */
  readonly merge: (left: unknown, right: unknown) => unknown;
}

/** What a session's row holds. */
export interface SessionRow {
  readonly start: number;
  readonly aggregate: unknown;
}

export function sessionAggregateOperator(definition: WindowedAggregate<SessionWindows, SessionAggregation>): Operator {
  const { store, windows, emit, isRepartitioned, value: serde } = definition;
  const { initial, add, merge } = definition.aggregation;
  const { apartMs, graceMs } = windows;
  const results: WindowForm = {
    store,
    value: serde,
    valueOf: (row) => (row as SessionRow).aggregate,
    windowOf: (last, row) => ({ start: (row as SessionRow).start, end: last + apartMs }),
  };
  return windowedOperator(definition, apartMs, (parts) => {
    const { context, rows, send, drop, settleMs } = parts;
    const closing = emit === 'close' ? closeWindows(parts, results, apartMs + graceMs + settleMs) : undefined;
    // Behind a repartition topic rows are ahead of stream time.
    let largest = isRepartitioned ? rows.endTime() : -1;
    const windowed = (key: unknown, start: number, last: number): Windowed<unknown> => ({
      key,
      start,
      end: last + apartMs,
    });
    return (record) => {
      const { key, value, timestamp } = record;
      const lateUpTo = context.lateTime(record) - apartMs - graceMs;
      const closedUpTo = isRepartitioned ? Number.NEGATIVE_INFINITY : lateUpTo;
      const touched: { start: number; last: number; aggregate: unknown; remove: (row: undefined) => void }[] = [];
      // No session ends behind this.
      largest = Math.max(largest, isRepartitioned ? timestamp : context.streamTime);
      const reach = Math.max(largest, timestamp);
      rows.fetch(key, timestamp - apartMs + 1, reach, (row, last, remove) => {
        const { start, aggregate } = row as SessionRow;
        if (start < timestamp + apartMs && last > closedUpTo) touched.push({ start, last, aggregate, remove });
      });
      const last = Math.max(timestamp, touched.at(-1)?.last ?? timestamp);
      if ((isRepartitioned ? timestamp : last) <= lateUpTo) {
        return drop(record);
      }
      const start = Math.min(timestamp, touched[0]?.start ?? timestamp);
      const [first, ...others] = touched.map(({ aggregate }) => context.lend(aggregate));
      const before = touched.length === 0 ? initial() : others.reduce(merge, first);
      const aggregate = add(before, value, record);
      for (const each of touched) {
        if (each.last !== last) each.remove(undefined);
        if (emit === 'change' && (each.start !== start || each.last !== last)) {
          record.sendAs(send, windowed(key, each.start, each.last), undefined, timestamp);
          record.value = value;
        }
      }
      rows.put(key, last, { start, aggregate } satisfies SessionRow);
      closing?.opened(last);
      if (emit === 'change') record.sendAs(send, windowed(key, start, last), aggregate, timestamp);
    };
  });
}
