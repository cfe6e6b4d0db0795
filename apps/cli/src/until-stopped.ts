import type { Terminal } from './framework/terminal.ts';

/** Resolves when the command is asked to stop. */
export function untilStopped({ signal }: Terminal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  // A promise keeps no process alive; what is served does.
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
