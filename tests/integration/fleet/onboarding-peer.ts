/** Others at the doors of an onboarding: a process of the control plane, and a client that is not ours. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import kafkajs from 'kafkajs';
import { eventually } from '../../support/eventually.ts';
import type { Addresses, TestClusters } from './onboarding-fixture.ts';

const { Kafka, logLevel } = kafkajs;

/** Whether a foreign client gets a record to a topic with this login; the error's type when it is denied. */
export async function produceAs(
  addresses: Addresses | undefined,
  topic: string,
  login: { readonly username: string; readonly password: string },
): Promise<string> {
  const producer = new Kafka({
    brokers: [addresses?.SASL_PLAINTEXT ?? ''],
    sasl: { mechanism: 'scram-sha-256', ...login },
    logLevel: logLevel.NOTHING,
    retry: { retries: 1 },
  }).producer({ allowAutoTopicCreation: false });
  try {
    await producer.connect();
    await producer.send({ topic, messages: [{ value: 'hello' }] });
    return 'produced';
  } catch (error) {
    const { type, cause } = error as { type?: string; cause?: { type?: string } };
    return type ?? cause?.type ?? String(error);
  } finally {
    await producer.disconnect();
  }
}

/** Another process of the control plane, that never gets an answer to one method of its admins. */
export class OnboardingPeer implements AsyncDisposable {
  readonly #child: ChildProcess;
  #said = '';

  constructor(url: string, { addresses }: TestClusters, method: string) {
    const program = fileURLToPath(new URL('onboarding-program.ts', import.meta.url));
    const words = [program, url, JSON.stringify([...addresses]), method];
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
