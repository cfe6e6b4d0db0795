/**
 * Sends on, once each, the rows of a window store that stream time has closed: in the order of their times, before the
 * record that closed them is worked on. What is closed follows from stream time alone, so a restart sends none again.
 */
import type { WindowDefinition } from '../state/store-definition.ts';
import type { OperatorContext } from '../task/operator-context.ts';
import type { ResultForm, SendResult } from '../task/result-form.ts';

/** Results of rows with times. */
export interface RowForm extends ResultForm {
  readonly store: WindowDefinition;
}

/** Rows are closed `lagMs` after their times. Call `opened` with the time of each row that is put. */
export function closeRows(
  context: OperatorContext,
  form: RowForm,
  lagMs: number,
  close: SendResult,
): { opened(time: number): void } {
  const rows = context.store(form.store);
  /** Rows up to this time have gone on. */
  let closed = context.streamTime - lagMs;
  const timer = {
    dueAt: context.streamTime,
    fire(streamTime: number): void {
      const last = streamTime - lagMs;
      for (const { key, time, value } of rows.entries(closed + 1, last)) context.attempt(form, key, time, value, close);
      closed = last;
      timer.dueAt = rows.firstTime(last + 1) + lagMs;
    },
  };
  context.onStreamTime(timer);
  return {
    opened: (time) => {
      if (time + lagMs < timer.dueAt) timer.dueAt = time + lagMs;
    },
  };
}
