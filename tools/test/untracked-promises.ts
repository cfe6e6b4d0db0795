/**
 * Loads `node:test` so that it does not watch promises, and hands on what is used of it.
 *
 * It follows every asynchronous resource to the test that made it, to say which test an error nobody caught came from.
 * For promises that costs several times what the code under test does; for all others it costs nothing to speak of, and
 * stays. Such an error still fails the file (`child.ts`), at times without the name of its test.
 */
import asyncHooks from 'node:async_hooks';
import { createRequire } from 'node:module';

const { createHook } = asyncHooks;
Object.assign(asyncHooks, {
  createHook: (callbacks: asyncHooks.HookCallbacks) => createHook({ ...callbacks, trackPromises: false }),
});
// It takes what it needs of `node:async_hooks` as it is loaded, which is here: nothing may have imported it before.
const { run } = createRequire(import.meta.url)('node:test') as typeof import('node:test');
Object.assign(asyncHooks, { createHook });

export { run };
