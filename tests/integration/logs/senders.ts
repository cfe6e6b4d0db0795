/** Programs that send lines and do what senders do: whatever is not answered 200 is sent again, as it was. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Randomness } from '@millrace/base';

export type Way = 'text' | 'text with a key' | 'JSON lines with a key' | 'OTLP';

export interface SenderOptions {
  readonly way: Way;
  readonly url: () => string;
  readonly random: Randomness;
  /** Whether it now and then goes away without having read the answer. */
  readonly leaves: boolean;
}

export class Sender {
  /** Lines that were answered. */
  readonly stored: string[] = [];
  /** How often a batch was sent again. */
  again = 0;
  readonly #options: SenderOptions;
  #isOver = false;
  readonly #running: Promise<void>;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Ends when its last batch is stored. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const { way, random } = this.#options;
    for (let batch = 0; !this.#isOver; batch++) {
      const lines = Array.from({ length: 1 + random.integer(20) }, (_, n) => `${way} ${batch} ${n}`);
      await this.#send(lines, `${way} ${batch}`);
      this.stored.push(...lines);
      await sleep(random.integer(5));
    }
  }

  async #send(lines: readonly string[], key: string): Promise<void> {
    const { url, random, leaves } = this.#options;
    const { path, headers, body } = this.#request(lines, key);
    for (;;) {
      const signal = leaves && random.integer(6) === 0 ? AbortSignal.timeout(random.integer(30)) : null;
      try {
        const answer = await fetch(`${url()}${path}`, { method: 'POST', headers, body, signal });
        const text = await answer.text();
        if (answer.status === 200) return;
        if (answer.status !== 503) throw new TypeError(`${answer.status} ${text}`);
      } catch (error) {
        if (error instanceof TypeError && /^\d/.test(error.message)) throw error;
      }
      this.again++;
      await sleep(random.integer(50));
    }
  }

  #request(lines: readonly string[], key: string) {
    switch (this.#options.way) {
      case 'text':
        return { path: '/logs?service=text', headers: { 'content-type': 'text/plain' }, body: lines.join('\n') };
      case 'text with a key':
        return {
          path: '/logs?service=keyed',
          headers: { 'content-type': 'text/plain', 'idempotency-key': key },
          body: lines.join('\n'),
        };
      case 'JSON lines with a key':
        return {
          path: '/logs?service=json',
          headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': key },
          body: lines.map((msg) => JSON.stringify({ level: 'info', msg })).join('\n'),
        };
      case 'OTLP':
        return { path: '/v1/logs', headers: { 'content-type': 'application/json' }, body: otlpOf(lines) };
    }
  }
}

function otlpOf(lines: readonly string[]): string {
  const logRecords = lines.map((line) => ({
    timeUnixNano: '1767607203000000000',
    severityNumber: 9,
    body: { stringValue: line },
  }));
  return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
}
