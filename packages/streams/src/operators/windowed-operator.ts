/** What aggregates in windows of all kinds are, whatever they do with a record. */

import type { WindowDefinition } from '../state/store-definition.ts';
import type { WindowStore } from '../state/window-store.ts';
import type { Receiver } from '../task/cursor.ts';
import type { OperatorContext } from '../task/operator-context.ts';
import type { Operator } from '../topology/node.ts';
import { formOf, type Windows } from '../topology/windows.ts';
import type { Emit } from './aggregate.ts';

export interface WindowedOptions {
  readonly store: WindowDefinition;
  readonly windows: Windows;
  readonly emit: Emit;
  /** How much longer than for their grace windows stay open, in ms. Default 0. */
  readonly settleMs?: number | undefined;
}

export interface WindowedParts {
  readonly context: OperatorContext;
  readonly rows: WindowStore<unknown, unknown>;
  /** Takes results. */
  readonly send: Receiver;
  /** Takes records that are in no window any more. */
  readonly drop: Receiver;
}

/** `connect` answers what is called with each record in one task. Results leave by port 0, late records by port 1. */
export function windowedOperator(
  { store, windows, emit, settleMs = 0 }: WindowedOptions,
  connect: (parts: WindowedParts) => Receiver,
): Operator {
  const { graceMs } = windows;
  return {
    kind: 'windowed aggregate',
    name: store.name,
    detail: `${formOf(windows)} grace=${graceMs} emit=${emit}`,
    stores: [store],
    holdsBackMs: emit === 'close' ? graceMs + settleMs : 0,
    connect: (context, [send, late]) => {
      const drop: Receiver = (record) => {
        context.countLate(store.name);
        (late as Receiver)(record);
      };
      return connect({ context, rows: context.store(store), send: send as Receiver, drop });
    },
  };
}
