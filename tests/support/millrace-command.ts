/** Runs `millrace` commands as a user does: the real binary, as processes. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { passableDirectory } from './passable-directory.ts';

/** The command's first file, to be run by `process.execPath`. */
export const millraceBinary: string = fileURLToPath(new URL('../../apps/cli/bin/millrace.js', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: Buffer;
  /** Stdout as text. */
  readonly text: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array | undefined;
  readonly cwd?: string | undefined;
  readonly timeoutMs?: number | undefined;
  /** Run as this user. */
  readonly uid?: number | undefined;
  /** Variables of its environment besides those of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Runs a command to its end. */
export async function millrace(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const running = startMillrace(words, options);
  running.child.stdin.end(options.input ?? '');
  return running.ended;
}

export interface Running {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** What was printed on stdout so far. */
  readonly printed: () => string;
  /** What was printed on stderr so far. */
  readonly complained: () => string;
  readonly ended: Promise<Outcome>;
}

/** Starts a command and leaves its stdin open. */
export function startMillrace(words: readonly string[], options: RunOptions = {}): Running {
  const child = spawn(process.execPath, [millraceBinary, ...words], {
    stdio: 'pipe',
    timeout: options.timeoutMs ?? 60_000,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.env === undefined ? {} : { env: { ...process.env, ...options.env } }),
  });
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  // A command that does not want its input closes it.
  child.stdin.on('error', () => undefined);
  const printed = (): string => Buffer.concat(stdout).toString();
  const ended = once(child, 'close').then(([code]): Outcome => {
    return { code: code as number | null, stdout: Buffer.concat(stdout), text: printed(), stderr };
  });
  return { child, printed, complained: () => stderr, ended };
}

/** The line that `up --json` and `broker --json` print when they serve. */
export interface ReadyLine {
  readonly ready: true;
  readonly pid: number;
  readonly dataDirectory: string;
  readonly url: string | null;
  readonly collectorUrl: string | null;
  readonly clusters: readonly {
    readonly name: string;
    readonly clusterId: string | null;
    readonly bootstrap: string;
    readonly problem: string | null;
    readonly brokers: readonly { readonly nodeId: number; readonly port: number }[];
  }[];
}

/**
 * A running `millrace up` or `millrace broker` on free ports. Disposing of it stops it and removes its own directory.
 */
export class Server implements AsyncDisposable {
  readonly running: Running;
  readonly ready: ReadyLine;
  readonly directory: string;
  readonly #ownsDirectory: boolean;

  private constructor(running: Running, ready: ReadyLine, directory: string, ownsDirectory: boolean) {
    this.running = running;
    this.ready = ready;
    this.directory = directory;
    this.#ownsDirectory = ownsDirectory;
  }

  static async start(
    command: 'up' | 'broker',
    options: { readonly directory?: string; readonly words?: readonly string[] } = {},
  ): Promise<Server> {
    const directory = options.directory ?? (await passableDirectory(`millrace-${command}-`));
    const words = [command, '--port', '0', '--data-dir', directory, '--json', ...(options.words ?? [])];
    const running = startMillrace(words, { timeoutMs: 280_000 });
    for await (const line of createInterface({ input: running.child.stdout })) {
      return new Server(running, JSON.parse(line) as ReadyLine, directory, options.directory === undefined);
    }
    throw new Error(`millrace ${command} ended before it served: ${(await running.ended).stderr}`);
  }

  /** Runs a command on what this server serves. */
  run(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return millrace([...words, '--data-dir', this.directory], options);
  }

  /** Ends it with a signal, and waits for its end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Outcome> {
    this.running.child.kill(signal);
    return this.running.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    if (this.#ownsDirectory) await rm(this.directory, { recursive: true, force: true });
  }
}
