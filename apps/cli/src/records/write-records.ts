/**
 * The loop of `produce`: inputs to lines to records to the producer, as fast as the cluster takes them and no faster.
 *
 * It stops at the first line that is no record and at the first batch that the cluster refuses; what was accepted
 * before is still delivered and counted, also after Ctrl-C.
 */
import { isMillraceError, MillraceError, messageOf } from '@millrace/base';
import type { Client, Producer, ProducerOptions, RecordTooLargeError } from '@millrace/client';
import { Progress } from '../framework/progress.ts';
import { counted } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { DeliveryTally } from './delivery-tally.ts';
import type { RecordInput } from './record-input.ts';
import { delimitedReader, jsonReader, numberedReader, type RecordShape } from './record-reader.ts';
import { RecordSplitter } from './record-splitter.ts';

/** Above what any broker takes by default, so that the broker's own limit is what counts; bounds memory. */
const PATIENCE_MS = 1_000;
const RECORD_BYTES_MAX = 128 * 1024 * 1024;

export interface WriteOptions {
  readonly client: Client;
  readonly producerOptions: ProducerOptions;
  readonly shape: RecordShape;
  readonly form: 'delimited' | 'json' | 'file';
  /** Of JSON lines. */
  readonly keepPartitions: boolean;
  readonly delimiter: Buffer;
  readonly inputs: readonly RecordInput[];
  readonly terminal: Terminal;
}

/** Writing stopped before the end of the input. */
export class WriteError extends MillraceError {
  readonly code = 'write_failed';
  /** Records that the cluster acknowledged. */
  readonly written: number;

  constructor(written: number, topic: string, cause: unknown) {
    const reached = written === 0 ? 'nothing was written' : `${counted(written, 'record')} before it were written`;
    const limitBytes =
      isMillraceError(cause, 'record_too_large') && (cause as unknown as RecordTooLargeError).limitBytes;
    const reason =
      limitBytes === false ? messageOf(cause) : `a record is larger than the ${limitBytes} bytes it may have`;
    super(`${reason}; ${reached} to ${topic}`, {
      cause,
      hint:
        limitBytes === false
          ? undefined
          : `\`millrace topic alter ${topic} --config max.message.bytes=N\` allows more.`,
    });
    this.written = written;
  }
}

/** Writes all records of the inputs. @throws WriteError when a line or a batch stopped it. */
export async function writeRecords(options: WriteOptions): Promise<DeliveryTally> {
  const { client, shape, terminal } = options;
  const tally = new DeliveryTally();
  const producer = client.producer({ ...options.producerOptions, onDelivery: tally.add });
  let stopped: unknown;
  try {
    await writeInputs(producer, tally, options);
  } catch (error) {
    stopped = error;
  } finally {
    // An open stdin, from which nothing more is wanted, would keep the process alive.
    if (options.inputs.some(({ name }) => name === 'stdin')) terminal.stdin.destroy();
  }
  const patience = setTimeout(() => {
    if (terminal.signal.aborted)
      terminal.note('Waiting for the cluster to acknowledge what was read. Ctrl-C ends at once.');
  }, PATIENCE_MS);
  try {
    await producer.flush();
    await producer.close();
  } finally {
    clearTimeout(patience);
  }
  stopped = tally.failure ?? stopped;
  if (terminal.signal.aborted && tally.failure === undefined) {
    terminal.note(`Stopped; ${counted(tally.records, 'record')} were written to ${shape.topic}.`);
    throw terminal.signal.reason;
  }
  if (stopped !== undefined) throw new WriteError(tally.records, shape.topic, stopped);
  return tally;
}

async function writeInputs(producer: Producer, tally: DeliveryTally, options: WriteOptions): Promise<void> {
  const { inputs, form, shape, terminal } = options;
  const { signal } = terminal;
  const meter = new InputMeter(inputs, terminal, shape.topic);
  try {
    for (const input of inputs) {
      if (form === 'file') {
        const accepted = producer.write(delimitedReader(shape)(await input.whole()));
        if (!accepted) await producer.ready({ signal });
        meter.add(1, input.size ?? 0);
        continue;
      }
      const read = form === 'json' ? jsonReader(shape, options) : delimitedReader(shape);
      const record = form === 'json' ? numberedReader(read, input.name) : read;
      const splitter = new RecordSplitter(options.delimiter, RECORD_BYTES_MAX);
      const write = async (lines: Iterable<Buffer>): Promise<number> => {
        let lineCount = 0;
        for (const line of lines) {
          const next = record(line);
          if (next === undefined) continue;
          lineCount++;
          if (!producer.write(next)) await producer.ready({ signal });
          if (tally.failure !== undefined) throw tally.failure;
        }
        return lineCount;
      };
      for await (const chunk of untilAborted(input.chunks(), signal)) {
        meter.add(await write(splitter.push(chunk)), chunk.length);
      }
      const rest = splitter.rest();
      if (rest !== undefined) meter.add(await write([rest]), 0);
    }
  } finally {
    meter.end();
  }
}

/** The items until the signal aborts, which is noticed also while the next item does not come (a silent pipe). */
async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  const aborted = new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  // Whoever waits hears of it; when nobody does there is nothing to hear.
  aborted.catch(() => undefined);
  for (;;) {
    const next = await Promise.race([iterator.next(), aborted]);
    if (next.done === true) return;
    yield next.value;
  }
}

class InputMeter {
  readonly #progress: Progress;
  readonly #totalBytes: number | undefined;
  #records = 0;
  #bytes = 0;

  constructor(inputs: readonly RecordInput[], terminal: Terminal, topic: string) {
    this.#progress = new Progress(terminal, { label: `writing to ${topic}`, unit: 'records' });
    this.#totalBytes = inputs.every(({ size }) => size !== undefined)
      ? inputs.reduce((sum, { size }) => sum + (size ?? 0), 0)
      : undefined;
  }

  add(records: number, bytes: number): void {
    this.#records += records;
    this.#bytes += bytes;
    this.#progress.update(this.#records, this.#totalBytes === undefined ? undefined : this.#bytes / this.#totalBytes);
  }

  end(): void {
    this.#progress.end();
  }
}
