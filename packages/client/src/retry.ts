/** Repeats what may be repeated, within a bound, with growing pauses. */
import { isMillraceError, type MillraceError, type Platform, sleep } from '@millrace/base';
import { type BackoffOptions, backoffMs } from './backoff.ts';
import { RequestTimeoutError } from './errors.ts';

export interface RetryOptions {
  readonly platform: Platform;
  readonly backoff: BackoffOptions;
  /** Bound on all attempts and pauses. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Which errors ask for another attempt. Default: those that are `retriable`. */
  readonly mayRepeat?: ((error: MillraceError) => boolean) | undefined;
  /** Who has not answered, for the error when time is over; nobody when nothing is asked just now. */
  readonly awaited?: (() => readonly string[]) | undefined;
}

/**
 * Calls `attempt` (with the ms that are left, at least 1) until it succeeds, fails with an error that isn't retriable,
 * or the time is over, which rejects with the last error, or with `RequestTimeoutError` when there is none yet. Rejects
 * with the signal's reason. An attempt that is under way then goes on unheard, so it should bound itself too.
 */
export async function retrying<T>(options: RetryOptions, attempt: (remainingMs: number) => Promise<T>): Promise<T> {
  const { platform, signal } = options;
  const deadline = platform.clock.monotonic() + options.timeoutMs;
  let last: Error | undefined;
  for (let attempts = 1; ; attempts++) {
    signal?.throwIfAborted();
    const remainingMs = Math.max(1, Math.floor(deadline - platform.clock.monotonic()));
    try {
      return await bounded(attempt(remainingMs), remainingMs, options, last);
    } catch (error) {
      if (signal?.aborted || !isMillraceError(error)) throw error;
      if (!(options.mayRepeat?.(error) ?? error.retriable)) throw error;
      last = error;
      const pauseMs = backoffMs(options.backoff, attempts, platform.randomness);
      if (platform.clock.monotonic() + pauseMs >= deadline) throw error;
      await sleep(platform.timers, pauseMs, signal);
    }
  }
}

/** As `work`, but rejects with the signal's reason when that aborts first; `work` itself goes on unheard. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/**
 * As `work`, but rejects with the signal's reason, or when `leftMs` are over: with the error of the attempt before,
 * if there was one. Leaves no timer behind.
 */
function bounded<T>(work: Promise<T>, leftMs: number, options: RetryOptions, last: Error | undefined): Promise<T> {
  const { platform, signal, timeoutMs } = options;
  if (leftMs === Number.POSITIVE_INFINITY) return abortable(work, signal);
  const time = Promise.withResolvers<never>();
  const timer = platform.timers.after(Math.min(leftMs, 2 ** 31 - 1), () => {
    const awaited = options.awaited?.().join(', ') || 'the cluster';
    time.reject(last ?? new RequestTimeoutError('the call', awaited, timeoutMs));
  });
  return abortable(Promise.race([work, time.promise]), signal).finally(() => timer.cancel());
}
