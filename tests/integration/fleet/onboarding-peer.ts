/** Another process of the control plane, that never gets an answer to one method of its admins. */
import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../support/eventually.ts';
import type { ClusterAddresses } from './onboarding-fixture.ts';

export class OnboardingPeer implements AsyncDisposable {
  readonly #child: ChildProcess;
  #said = '';

  constructor(databaseUrl: string, clusters: ClusterAddresses, method: string) {
    const program = fileURLToPath(new URL('onboarding-program.ts', import.meta.url));
    const words = [program, databaseUrl, JSON.stringify([...clusters]), tmpdir(), method];
    this.#child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString();
    });
  }

  async says(line: string): Promise<void> {
    const describe = (): string => `it never said ${line}, but ${JSON.stringify(this.#said)}`;
    await eventually(() => this.#said.split('\n').includes(line), { timeoutMs: 60_000, describe });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}
