/** Bounds on functions of users that fetch what a login needs. */
import type { Platform } from '@millrace/base';

/** As `work`, whose signal aborts when the time is over; rejects then with an error that says that no `what` came. */
export async function inTime<T>(
  { timers }: Pick<Platform, 'timers'>,
  timeoutMs: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = timers.after(timeoutMs, () => {
    const error = new Error(`no ${what} came within ${timeoutMs} ms`);
    abort.abort(error);
    late.reject(error);
  });
  try {
    return await Promise.race([work(abort.signal), late.promise]);
  } finally {
    timer.cancel();
  }
}
