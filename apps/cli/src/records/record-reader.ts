/** From the lines of an input to records to write. */
import type { ProducerRecord } from '@millrace/client';
import { parseRecordJson, RecordJsonError } from './record-json.ts';

/** What `produce`'s options make of every line. */
export interface RecordShape {
  readonly topic: string;
  /** Stands before the value in each line. */
  readonly keyDelimiter: Buffer | undefined;
  /** Key of all records, when lines have none. */
  readonly key: string | undefined;
  readonly headers: readonly (readonly [key: string, value: string])[];
  readonly partition: number | undefined;
  /** An empty key or value is null: the value makes a tombstone. */
  readonly emptyIsNull: boolean;
}

/** Makes a record of a line; the record is views of the line. */
export type RecordReader = (line: Buffer) => ProducerRecord<string>;

/** Lines are values, or keys and values with a delimiter in between; a line without the delimiter has a null key. */
export function delimitedReader(shape: RecordShape): RecordReader {
  const { topic, keyDelimiter, emptyIsNull } = shape;
  const fixed = {
    topic,
    ...(shape.headers.length === 0 ? {} : { headers: shape.headers }),
    ...(shape.partition === undefined ? {} : { partition: shape.partition }),
  };
  const content = (bytes: Buffer): Buffer | null => (emptyIsNull && bytes.length === 0 ? null : bytes);
  const key = shape.key ?? null;
  if (keyDelimiter === undefined) return (line) => ({ ...fixed, key, value: content(line) });
  return (line) => {
    const at = line.indexOf(keyDelimiter);
    if (at < 0) return { ...fixed, key, value: content(line) };
    return { ...fixed, key: content(line.subarray(0, at)), value: content(line.subarray(at + keyDelimiter.length)) };
  };
}

/** Lines are JSON as `consume --json` prints it. The line's own key and partition win over the shape's. */
export function jsonReader(shape: RecordShape, options: { readonly keepPartitions: boolean }): RecordReader {
  return (line) => {
    const { key, value, headers, partition, timestamp } = parseRecordJson(line);
    const where = (options.keepPartitions ? partition : undefined) ?? shape.partition;
    const all = shape.headers.length === 0 ? headers : [...headers, ...shape.headers];
    return {
      topic: shape.topic,
      key: key ?? shape.key ?? null,
      value,
      ...(all.length === 0 ? {} : { headers: all }),
      ...(where === undefined ? {} : { partition: where }),
      ...(timestamp === undefined ? {} : { timestamp }),
    };
  };
}

/** Names the line in what is wrong with it; passes blank lines over. */
export function numberedReader(
  reader: RecordReader,
  input: string,
): (line: Buffer) => ProducerRecord<string> | undefined {
  let number = 0;
  return (line) => {
    number++;
    if (line.length === 0) return undefined;
    try {
      return reader(line);
    } catch (error) {
      if (!(error instanceof RecordJsonError)) throw error;
      throw new RecordJsonError(`${input}, line ${number}: ${error.message}`, { cause: error });
    }
  };
}
