/**
 * Has a process do at once what Node would give to other threads. A clock that is told to pass does not wait for them,
 * so how far they come decides what happens, and a seed would not lead to the same run again.
 *
 * What small inputs never leave the thread for (compression, below the sizes of `compress`) stays as it is.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

/** To be called before what is to be fuzzed is loaded. */
export function withoutThreadPool(): void {
  const derive: typeof crypto.pbkdf2 = (password, salt, iterations, length, digest, callback) => {
    const key = crypto.pbkdf2Sync(password, salt, iterations, length, digest);
    queueMicrotask(() => callback(null, key));
  };
  Object.assign(crypto, { pbkdf2: derive });
  syncBuiltinESMExports();
}
