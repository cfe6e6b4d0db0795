/** Sends on at each commit what rows have changed since the last one, of each the newest. */
import type { OperatorContext } from '../task/operator-context.ts';
import type { ResultForm, SendResult } from '../task/result-form.ts';

export function sendAtCommit(context: OperatorContext, form: ResultForm, send: SendResult): void {
  const rows = context.store(form.store);
  context.onCommit(() => {
    const changes: Iterable<{ key: unknown; time?: number; value: unknown }> = rows.changes();
    for (const { key, time = -1, value } of changes) context.attempt(form, key, time, value, send);
  });
}
