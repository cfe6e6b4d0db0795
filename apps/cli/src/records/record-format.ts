/**
 * The format string of `consume`, with kcat's letters, compiled once into a list of steps.
 *
 * `%t` topic, `%p` partition, `%o` offset, `%T` timestamp in ms, `%k` key, `%K` its length, `%s` value, `%S` its
 * length, `%h` headers as `name=value,...`, `%%` a percent sign; lengths are bytes, -1 for null. Keys, values and
 * header values are printed as the bytes they are.
 */
import { UsageError } from '../framework/usage-error.ts';
import { readEscape } from './escapes.ts';
import type { PrintedRecord, RecordPrinter, RecordSink } from './printed-record.ts';

const FIELDS: Readonly<Record<string, RecordPrinter>> = {
  t: (record, sink) => sink.text(record.topic),
  p: (record, sink) => sink.text(String(record.partition)),
  o: (record, sink) => sink.text(String(record.offset)),
  T: (record, sink) => sink.text(String(record.timestamp)),
  k: (record, sink) => printBytes(record.keyBytes, sink),
  K: (record, sink) => sink.text(String(record.keyBytes?.length ?? -1)),
  s: (record, sink) => printBytes(record.valueBytes, sink),
  S: (record, sink) => sink.text(String(record.valueBytes?.length ?? -1)),
  h: printHeaders,
};

/** What the letters are, for help: pairs of letter and meaning. */
export const formatLetters = [
  '%t topic, %p partition, %o offset, %T timestamp in ms, %k key, %K its length, %s value,',
  '%S its length (-1 for null), %h headers, %% percent sign; \\n, \\t, \\0, \\xHH',
].join(' ');

/** @throws UsageError for a letter or an escape that does not exist. */
export function compileFormat(format: string): RecordPrinter {
  const steps: RecordPrinter[] = [];
  let literal: number[] = [];
  const endLiteral = (): void => {
    if (literal.length === 0) return;
    const bytes = Uint8Array.from(literal);
    steps.push((_record, sink) => sink.bytes(bytes));
    literal = [];
  };
  for (let index = 0; index < format.length; ) {
    if (format[index] === '\\') {
      const { byte, length } = readEscape(format, index);
      literal.push(byte);
      index += length;
    } else if (format[index] === '%' && format[index + 1] !== '%') {
      endLiteral();
      steps.push(fieldPrinter(format, index));
      index += 2;
    } else {
      const character = String.fromCodePoint(format.codePointAt(index) as number);
      literal.push(...Buffer.from(character));
      index += character === '%' ? 2 : character.length;
    }
  }
  endLiteral();
  return steps.length === 1 ? (steps[0] as RecordPrinter) : inOrder(steps);
}

/** Prints the key, `keyDelimiter` and the value (the value alone without one), then `delimiter`. */
export function delimitedPrinter(keyDelimiter: Uint8Array | undefined, delimiter: Uint8Array): RecordPrinter {
  if (keyDelimiter === undefined) {
    return (record, sink) => {
      printBytes(record.valueBytes, sink);
      sink.bytes(delimiter);
    };
  }
  return (record, sink) => {
    printBytes(record.keyBytes, sink);
    sink.bytes(keyDelimiter);
    printBytes(record.valueBytes, sink);
    sink.bytes(delimiter);
  };
}

function inOrder(steps: readonly RecordPrinter[]): RecordPrinter {
  return (record, sink) => {
    for (const step of steps) step(record, sink);
  };
}

function fieldPrinter(format: string, index: number): RecordPrinter {
  const letter = format[index + 1] ?? '';
  const field = FIELDS[letter];
  if (field !== undefined && Object.hasOwn(FIELDS, letter)) return field;
  throw new UsageError(`%${letter} in '${format}' is no field; there are ${formatLetters}`);
}

function printBytes(bytes: Uint8Array | null, sink: RecordSink): void {
  if (bytes !== null) sink.bytes(bytes);
}

function printHeaders(record: PrintedRecord, sink: RecordSink): void {
  for (const [index, { key, value }] of record.headers.entries()) {
    sink.text(`${index === 0 ? '' : ','}${key}=`);
    if (value === null) sink.text('NULL');
    else sink.bytes(value);
  }
}
