/** Runs the `millrace` command as a user does, as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { passableDirectory } from './passable-directory.ts';

const binary = fileURLToPath(new URL('../../apps/cli/bin/millrace.js', import.meta.url));

/** The line that `millrace broker --json` prints once it serves. */
export interface ReadyLine {
  readonly clusters: readonly { readonly name: string; readonly bootstrap: string }[];
}

/**
 * A running `millrace broker`. Disposing of it ends the process and removes its data, unless the directory was given.
 */
export class BrokerProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly bootstrap: string;
  readonly dataDirectory: string;
  readonly #ownsDirectory: boolean;

  private constructor(child: ChildProcess, bootstrap: string, dataDirectory: string, ownsDirectory: boolean) {
    this.child = child;
    this.bootstrap = bootstrap;
    this.dataDirectory = dataDirectory;
    this.#ownsDirectory = ownsDirectory;
  }

  /** Starts it on free ports, or on `port`, and waits until it serves. */
  static async start(
    options: {
      brokers?: number;
      port?: number;
      dataDirectory?: string;
      configuration?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<BrokerProcess> {
    const directory = options.dataDirectory ?? (await passableDirectory('millrace-broker-'));
    const values = ['--port', `${options.port ?? 0}`, '--brokers', `${options.brokers ?? 1}`, '--data-dir', directory];
    for (const [name, value] of Object.entries(options.configuration ?? {}))
      values.push('--config', `${name}=${value}`);
    const child = spawn(process.execPath, [binary, 'broker', '--json', ...values], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const ready = JSON.parse(line) as ReadyLine;
      const bootstrap = ready.clusters[0]?.bootstrap ?? '';
      return new BrokerProcess(child, bootstrap, directory, options.dataDirectory === undefined);
    }
    throw new Error(`millrace broker ended before it served: ${errors}`);
  }

  /** Ends the process with a signal and waits for its end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    if (this.#ownsDirectory) await rm(this.dataDirectory, { recursive: true, force: true });
  }
}
