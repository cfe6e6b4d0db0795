/**
 * The way of lines into `logs.lines`: masked, encoded, written once each, acknowledged by the brokers. What is refused
 * was not stored as far as anybody knows. Memory is bounded; who comes when it is full is told so.
 */
import { ProblemError } from '@millrace/api';
import { isMillraceError, messageOf } from '@millrace/base';
import type { Client, Producer } from '@millrace/client';
import { type LogLine, streamOf } from '../line/log-line.ts';
import { Masker } from '../masking/masker.ts';
import { logLines } from '../topics.ts';

export interface LineIntakeOptions {
  readonly client: Client;
  readonly masker?: Masker | undefined;
  /** From arrival to acknowledgement at the latest, in ms. Default 10,000. */
  readonly deliveryTimeoutMs?: number | undefined;
}

const bufferBytesMax = 32 * 2 ** 20;

export class LineIntake implements AsyncDisposable {
  readonly masker: Masker;
  readonly #producer: Producer;

  constructor({ client, masker, deliveryTimeoutMs }: LineIntakeOptions) {
    this.masker = masker ?? new Masker();
    this.#producer = client.producer({
      deliveryTimeoutMs: deliveryTimeoutMs ?? 10_000,
      bufferBytesMax,
      compression: 'lz4',
      // Failures reach each sender through its promises.
      onDelivery: () => undefined,
    });
  }

  /** Whether more lines are on their way to the brokers than memory has room for. */
  get isFull(): boolean {
    return this.#producer.bufferedBytes >= bufferBytesMax;
  }

  /** Resolves when all lines are stored. Rejects with `unavailable` where that is not known of all. */
  async store(lines: readonly LogLine[]): Promise<void> {
    if (this.isFull) throw unavailable('more lines arrive than the brokers take');
    try {
      await Promise.all(lines.map((line) => this.#send(line)));
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      throw unavailable(messageOf(error), error);
    }
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #send(line: LogLine): Promise<unknown> {
    const masked = this.masker.line(line);
    return this.#producer.send({ topic: logLines, key: streamOf(masked), value: masked });
  }
}

function unavailable(reason: string, cause?: unknown): ProblemError {
  const message = `the lines could not be stored: ${reason}; send them again a little later`;
  return new ProblemError('unavailable', message, { cause, retryAfterSeconds: 1 });
}
