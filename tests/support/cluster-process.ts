/** A cluster in a process of its own, with any configuration, whose memory can be asked for. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SecurityOptions } from '@millrace/broker';

const program = fileURLToPath(new URL('./cluster-program.ts', import.meta.url));

/** What the process is started with. */
export interface ClusterProgramOptions {
  readonly dataDirectory: string;
  readonly configuration: Readonly<Record<string, string>>;
  readonly security?: SecurityOptions | undefined;
  readonly answerBytesMax?: number | undefined;
  readonly tailBytesMax?: number | undefined;
}

/** What the process tells of itself. */
export interface ClusterProgramState {
  readonly port: number;
  /** Bootstrap servers by the names of listeners. */
  readonly listeners: Readonly<Record<string, string>>;
  /** Bytes. */
  readonly rss: number;
  /** What connections hold, in bytes. */
  readonly requestBytes: number;
  readonly answerBytes: number;
  readonly connections: number;
  readonly events: readonly string[];
}

export class ClusterProcess implements AsyncDisposable {
  readonly port: number;
  readonly listeners: Readonly<Record<string, string>>;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(child: ChildProcess, { port, listeners }: ClusterProgramState, directory: string) {
    this.#child = child;
    this.port = port;
    this.listeners = listeners;
    this.#directory = directory;
  }

  /** Starts a broker on a free port and waits until it serves. */
  static async start(options: Omit<ClusterProgramOptions, 'dataDirectory'>): Promise<ClusterProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'millrace-cluster-'));
    const words = [JSON.stringify({ ...options, dataDirectory: join(directory, 'data') })];
    const child = fork(program, words, { execArgv: ['--expose-gc'] });
    return new ClusterProcess(child, await stateOf(child), directory);
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Its state, after garbage was collected. */
  state(): Promise<ClusterProgramState> {
    this.#child.send('state');
    return stateOf(this.#child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await ended;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** The next thing that the process says of itself; rejects when it ends instead. */
function stateOf(child: ChildProcess): Promise<ClusterProgramState> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the cluster's process ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (state) => {
      child.off('exit', ended);
      resolve(state as ClusterProgramState);
    });
  });
}
