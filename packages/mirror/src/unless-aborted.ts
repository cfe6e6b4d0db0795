/**
 * Waits for the work. When the signal aborts first, tells it to give up, and once it has ended rejects with the
 * signal's reason, whatever became of it.
 */
export async function unlessAborted<T>(
  signal: AbortSignal | undefined,
  work: Promise<T>,
  giveUp: () => void,
): Promise<T> {
  if (signal?.aborted) giveUp();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    return await work;
  } finally {
    signal?.removeEventListener('abort', giveUp);
    signal?.throwIfAborted();
  }
}
