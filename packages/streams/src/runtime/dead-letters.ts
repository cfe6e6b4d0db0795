/** Writes what can't be worked on to the topic for that, with the reason in headers. */
import { isMillraceError, messageOf } from '@millrace/base';
import type { RecordHeader } from '@millrace/client';
import { StateCodec } from '../state/value-codec.ts';
import type { InputRecord } from '../task/cursor.ts';
import type { OutgoingRecord } from '../task/operator-context.ts';
import type { ResultForm } from '../task/result-form.ts';
import type { MetricCounts } from './metric-counts.ts';

/** A result that no record makes: of a row of a store in a task. */
export interface ResultPlace {
  readonly form: ResultForm;
  /** Of the task. */
  readonly partition: number;
  readonly key: unknown;
  /** Of the row; -1 where it has none. */
  readonly time: number;
  readonly row: unknown;
}

export interface DeadLettersOptions {
  readonly topic: string;
  readonly write: (record: OutgoingRecord) => void;
  readonly counts: MetricCounts;
  /** Told of each. */
  readonly report: (event: 'record_set_aside' | 'result_set_aside', message: string, error: unknown) => void;
  /** Wall-clock time in ms since 1970. */
  readonly now: () => number;
}

type Headers = readonly (readonly [string, Uint8Array | string | null])[];

export class DeadLetters {
  readonly #options: DeadLettersOptions;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  /** A record goes there as it came. */
  writeRecord(record: InputRecord, reason: unknown): void {
    const { topic, partition, offset, keyBytes, valueBytes, timestamp, headers } = record;
    const { counts, report } = this.#options;
    const place: Headers = [
      ['millrace.topic', topic],
      ['millrace.partition', String(partition)],
      ['millrace.offset', String(offset)],
    ];
    this.#write(keyBytes, valueBytes, Math.max(0, timestamp), [...pairs(headers), ...told(reason), ...place]);
    counts.recordsSetAside++;
    const where = `the record at ${topic} [${partition}] offset ${offset}`;
    report('record_set_aside', `${where} was set aside: ${firstLine(reason)}`, reason);
  }

  /** A result goes there as its own serdes write it: the key without its window, the value as it was to be sent. */
  writeResult(result: ResultPlace, reason: unknown): void {
    const { form, partition, time, row } = result;
    const { counts, report, now } = this.#options;
    const window = form.windowOf?.(time, row);
    const timestamp = window === undefined ? time : window.end - 1;
    const place: Headers = [
      ['millrace.store', form.store.name],
      ['millrace.partition', String(partition)],
    ];
    const times: Headers =
      window === undefined
        ? []
        : [
            ['millrace.window.start', String(window.start)],
            ['millrace.window.end', String(window.end)],
          ];
    const headers = [...told(reason), ...place, ...times];
    this.#write(keyBytesOf(result) ?? null, valueBytesOf(result), timestamp < 0 ? now() : timestamp, headers);
    counts.resultsSetAside++;
    report('result_set_aside', `${describeResult(result)} was set aside: ${firstLine(reason)}`, reason);
  }

  #write(key: Uint8Array | null, value: Uint8Array | null, timestamp: number, headers: Headers): void {
    this.#options.write({ topic: this.#options.topic, key, value, timestamp, partition: undefined, headers });
  }
}

/** Without its key, which may be nobody's business. */
export function describeResult({ form, partition, time, row }: ResultPlace): string {
  const window = form.windowOf?.(time, row);
  const when = time < 0 ? '' : ` at ${time}`;
  const which = window === undefined ? when : ` for the window from ${window.start} to ${window.end}`;
  return `a result of store '${form.store.name}'${which} in partition ${partition}`;
}

/** What tells it from all others of a job. */
export function nameOfResult(result: ResultPlace): string {
  const { form, partition, time } = result;
  const key = Buffer.from(keyBytesOf(result) ?? []).toString('base64');
  const value = form.areRepeated ? Buffer.from(valueBytesOf(result) ?? []).toString('base64') : '';
  return `${form.store.name} ${partition} ${time} ${key} ${value}`;
}

/** Undefined where the serde refuses it: then the commit fails by the row, which tells the record that made it. */
function keyBytesOf({ form: { store, value }, key }: ResultPlace): Uint8Array | undefined {
  try {
    return new StateCodec(store.name, store.key, value).keyBytes(key);
  } catch {
    return undefined;
  }
}

/** Null where there is none: the row is gone, or what throws is what computes or writes it. */
function valueBytesOf({ form, key, time, row }: ResultPlace): Uint8Array | null {
  const { store, value } = form;
  try {
    const found = form.valueOf(row, time, key) ?? undefined;
    return found === undefined ? null : new StateCodec(store.name, store.key, value).valueBytes(found);
  } catch {
    return null;
  }
}

function pairs(headers: readonly RecordHeader[]): Headers {
  return headers.map(({ key, value }) => [key, value] as const);
}

function told(reason: unknown): Headers {
  return [
    ['millrace.reason', firstLine(reason)],
    ['millrace.error', errorCodeOf(reason)],
  ];
}

function firstLine(reason: unknown): string {
  return messageOf(reason).split('\n', 1)[0] ?? '';
}

function errorCodeOf(reason: unknown): string {
  if (isMillraceError(reason)) return reason.code;
  return reason instanceof Error ? reason.name : typeof reason;
}
