/**
 * Has a process derive keys (SCRAM) at once, for which Node would use other threads. A clock that is told to pass does
 * not wait for those, so the machine's load would decide who is in time, and a seed would not lead to the same run
 * again. Compression is left as it is: inputs as small as those of fuzzing never leave their thread for it.
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
