/** Waiting for what a cluster of several brokers shows only after a while. */
import { setTimeout as delay } from 'node:timers/promises';

/** What `look` answers once `isThere` accepts it, or last, when that takes more than `timeoutMs` (15 s). */
export async function settled<T>(
  look: () => T | Promise<T>,
  isThere: (value: T) => boolean,
  timeoutMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (isThere(value) || performance.now() > deadline) return value;
    await delay(20);
  }
}
