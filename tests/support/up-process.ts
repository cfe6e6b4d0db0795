/** Runs `millrace up` as a user does, on free ports, as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const binary = fileURLToPath(new URL('../../apps/cli/bin/millrace.js', import.meta.url));

/** What `millrace up --json` says once it serves. */
interface ReadyLine {
  readonly url: string;
  readonly collectorUrl: string;
  readonly clusters: readonly { readonly name: string; readonly bootstrap: string }[];
}

/** A running platform. Disposing of it ends the process, and removes its data unless the directory was given. */
export class UpProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly dataDirectory: string;
  readonly url: string;
  readonly collectorUrl: string;
  /** Of the cluster `east`. */
  readonly bootstrap: string;
  readonly #ownsDirectory: boolean;
  readonly #errors: () => string;

  private constructor(
    child: ChildProcess,
    ready: ReadyLine,
    directory: { path: string; owned: boolean },
    errors: () => string,
  ) {
    this.child = child;
    this.url = ready.url;
    this.collectorUrl = ready.collectorUrl;
    this.bootstrap = ready.clusters.find(({ name }) => name === 'east')?.bootstrap ?? '';
    this.dataDirectory = directory.path;
    this.#ownsDirectory = directory.owned;
    this.#errors = errors;
  }

  /** Starts it and waits until it serves. */
  static async start(options: { readonly dataDirectory?: string } = {}): Promise<UpProcess> {
    const path = options.dataDirectory ?? (await mkdtemp(join(tmpdir(), 'millrace-up-')));
    const child = spawn(process.execPath, [binary, 'up', '--json', '--port', '0', '--data-dir', path], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const directory = { path, owned: options.dataDirectory === undefined };
      return new UpProcess(child, JSON.parse(line) as ReadyLine, directory, () => errors);
    }
    throw new Error(`millrace up ended before it served: ${errors}`);
  }

  /** What it has written to stderr. */
  get errors(): string {
    return this.#errors();
  }

  /** Ends the process with a signal, waits for its end and answers its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill(signal);
      await ended;
    }
    return this.child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    if (this.#ownsDirectory) await rm(this.dataDirectory, { recursive: true, force: true });
  }
}
