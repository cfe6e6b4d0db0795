/** Runs a program to its end and keeps what it wrote. */
import { type ChildProcess, spawn } from 'node:child_process';

/** How long a program may take to stop when it is told to. */
const HEED_MS_MAX = 15_000;

export interface ProgramResult {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** Written to its standard input, which then ends. */
  readonly input?: string | Uint8Array | undefined;
  /** After this time it is told to stop by SIGTERM, and killed if it does not. Default: no limit. */
  readonly stopAfterMs?: number | undefined;
  /** Has it told to stop by SIGTERM; the run is then rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each full line of its standard output as it comes. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Runs it as this user; only root may. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Told of the process id at once. */
  readonly onStart?: ((pid: number) => void) | undefined;
}

/** Runs a program. Rejects with the system's error when it can't be started (`ENOENT` when there is none). */
export function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const { signal } = options;
    signal?.throwIfAborted();
    const child = spawn(program, args, { stdio: 'pipe', uid: options.user?.uid, gid: options.user?.gid });
    const onAbort = (): void => void child.kill('SIGTERM');
    signal?.addEventListener('abort', onAbort);
    const timers = options.stopAfterMs === undefined ? [] : stopAfter(child, options.stopAfterMs);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let partial = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout.push(chunk);
      if (options.onLine === undefined) return;
      const lines = (partial + chunk.toString()).split('\n');
      partial = lines.pop() ?? '';
      for (const line of lines) options.onLine(line);
    });
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      for (const timer of timers) clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      if (signal?.aborted) return reject(signal.reason);
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
    // A program that ends without reading its input is judged by its exit code.
    child.stdin.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error);
    });
    if (child.pid !== undefined) options.onStart?.(child.pid);
    child.stdin.end(options.input ?? '');
  });
}

function stopAfter(child: ChildProcess, delayMs: number): NodeJS.Timeout[] {
  return [
    setTimeout(() => child.kill('SIGTERM'), delayMs),
    setTimeout(() => child.kill('SIGKILL'), delayMs + HEED_MS_MAX),
  ];
}
