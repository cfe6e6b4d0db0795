/**
 * Libraries that few clusters need, loaded when one is first used: together they take a tenth of an idle broker's
 * memory, and of its time to start.
 */
import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);
let re2jsModule: typeof import('re2js') | undefined;
let joseModule: typeof import('jose') | undefined;

/** Regular expressions in RE2's syntax. */
export function re2js(): typeof import('re2js') {
  re2jsModule ??= load('re2js') as typeof import('re2js');
  return re2jsModule;
}

/** JSON web tokens and keys. */
export function jose(): typeof import('jose') {
  joseModule ??= load('jose') as typeof import('jose');
  return joseModule;
}
