/** Runs a program to its end and keeps what it wrote. */
import { spawn } from 'node:child_process';

export interface ProgramResult {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** Written to its standard input, which then ends. */
  readonly input?: string | Uint8Array | undefined;
  /** After this time it is killed, and `code` is null. Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** Told of each full line of its standard output as it comes. */
  readonly onLine?: ((line: string) => void) | undefined;
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
    const child = spawn(program, args, { stdio: 'pipe', timeout: options.timeoutMs, killSignal: 'SIGKILL' });
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
