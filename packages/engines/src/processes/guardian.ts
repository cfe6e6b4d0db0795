/**
 * A process beside this one that outlives it, `kill -9` included, and then ends what this one started.
 *
 * It is started with the first thing to guard, and is one for the whole process. It does not keep the process alive.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** What the guardian is told. */
export type GuardianLine =
  | { readonly guard: boolean; readonly pid: number }
  | { readonly guard: boolean; readonly directory: string };

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const program = fileURLToPath(new URL(`./guardian-program.${extension}`, import.meta.url));

let guardian: ChildProcessByStdio<Writable, null, null> | undefined;

/** Has a process killed, or a directory removed with all in it, when this process is gone. */
export function guard(what: { readonly pid: number } | { readonly directory: string }): void {
  tell({ guard: true, ...what });
}

/** The opposite of `guard`, for what ended or shall stay. */
export function unguard(what: { readonly pid: number } | { readonly directory: string }): void {
  tell({ guard: false, ...what });
}

function tell(line: GuardianLine): void {
  guardian ??= start();
  // A pipe takes a line at once, so that it is there even when this process is killed right after.
  guardian.stdin.write(`${JSON.stringify(line)}\n`);
}

function start(): ChildProcessByStdio<Writable, null, null> {
  const child = spawn(process.execPath, [program], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  (child.stdin as Writable & { unref(): void }).unref();
  return child;
}
