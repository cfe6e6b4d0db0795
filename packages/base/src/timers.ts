/** Delayed and deferred calls. Broker and client schedule only through this, so that a simulation can own time. */
export interface Timers {
  /** Calls `callback` once after at least `delayMs` (0 to 2^31-1 ms). A pending timer keeps the process alive. */
  after(delayMs: number, callback: () => void): Timer;
  /** Calls `callback` in a coming turn of the event loop, after pending I/O had its chance. */
  soon(callback: () => void): void;
}

export interface Timer {
  /** Prevents the call if it has not happened yet; harmless otherwise. */
  cancel(): void;
  /** Lets the process end while this timer is pending. */
  unref(): Timer;
}

/** Resolves after `delayMs`; rejects with the signal's reason when that aborts first. */
export function sleep(timers: Timers, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = timers.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

class SystemTimer implements Timer {
  readonly #handle: NodeJS.Timeout;

  constructor(handle: NodeJS.Timeout) {
    this.#handle = handle;
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }

  unref(): Timer {
    this.#handle.unref();
    return this;
  }
}

export const systemTimers: Timers = {
  after: (delayMs, callback) => new SystemTimer(setTimeout(callback, delayMs)),
  soon: (callback) => void setImmediate(callback),
};
