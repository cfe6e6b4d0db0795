/** What aggregates in windows of all kinds are, whatever they do with a record. */

import type { WindowDefinition } from '../state/store-definition.ts';
import type { WindowStore } from '../state/window-store.ts';
import type { Receiver } from '../task/cursor.ts';
import type { OperatorContext } from '../task/operator-context.ts';
import type { AnySerde, Operator } from '../topology/node.ts';
import { formOf, type Windowed, type Windows } from '../topology/windows.ts';
import type { Emit } from './aggregate.ts';
import { closeRows, type RowForm } from './close-rows.ts';

/** An aggregate in windows of one kind, as the topology has it. */
export interface WindowedAggregate<W extends Windows, A> {
  readonly store: WindowDefinition;
  readonly windows: W;
  readonly aggregation: A;
  /** The serde of results. */
  readonly value: AnySerde;
  readonly emit: Emit;
  /** Whether its records come through a repartition topic, where their order is not that of their senders' times. */
  readonly isRepartitioned: boolean;
}

export interface WindowedParts {
  readonly context: OperatorContext;
  readonly rows: WindowStore<unknown, unknown>;
  /** Takes results. */
  readonly send: Receiver;
  /** Takes records that are in no window any more. */
  readonly drop: Receiver;
  /** How much longer than for their grace windows stay open, in ms. */
  readonly settleMs: number;
}

/**
 * `connect` answers what is called with each record in one task. Results leave by port 0, late records by port 1.
 * Behind a repartition topic windows stay open for `settleMs` longer than for their grace.
 */
export function windowedOperator(
  { store, windows, emit, isRepartitioned }: WindowedAggregate<Windows, unknown>,
  settleMs: number,
  connect: (parts: WindowedParts) => Receiver,
): Operator {
  const { graceMs } = windows;
  const ownSettleMs = isRepartitioned ? settleMs : 0;
  return {
    kind: 'windowed aggregate',
    name: store.name,
    detail: `${formOf(windows)} grace=${graceMs} emit=${emit}`,
    stores: [store],
    holdsBackMs: emit === 'close' ? graceMs + ownSettleMs : 0,
    connect: (context, [send, late]) => {
      const drop: Receiver = (record) => {
        context.countLate(store.name);
        (late as Receiver)(record);
      };
      return connect({ context, rows: context.store(store), send: send as Receiver, drop, settleMs: ownSettleMs });
    },
  };
}

/** Results whose rows tell their windows. */
export interface WindowForm extends RowForm {
  readonly windowOf: (time: number, row: unknown) => { readonly start: number; readonly end: number };
}

/** Sends windows on when they are closed, `lagMs` after the times of their rows. */
export function closeWindows({ context, send }: WindowedParts, form: WindowForm, lagMs: number) {
  const { cursor } = context;
  return closeRows(context, form, lagMs, (key, time, row) => {
    const { start, end } = form.windowOf(time, row);
    cursor.loadOwn({ key, start, end } satisfies Windowed<unknown>, form.valueOf(row, time, key), end - 1);
    send(cursor);
  });
}
