/** Operators without state, as plain functions over the cursor. */
import { type AnyTopic, bytes, type HeadersInput } from '@millrace/client';
import type { Cursor, Receiver } from '../task/cursor.ts';
import type { OutgoingRecord } from '../task/operator-context.ts';
import type { AnySerde, Operator } from '../topology/node.ts';
import { tellHorizon } from './tell-horizon.ts';

type Facts = Cursor;

export function filterOperator(test: (value: unknown, record: Facts) => boolean): Operator {
  return {
    kind: 'filter',
    connect: (_, [next]) => {
      const send = next as Receiver;
      return (record) => {
        if (test(record.value, record)) send(record);
      };
    },
  };
}

export function mapOperator(map: (value: unknown, record: Facts) => unknown): Operator {
  return {
    kind: 'map',
    connect: (_, [next]) => {
      const send = next as Receiver;
      return (record) => record.send(send, map(record.value, record));
    },
  };
}

export function flatMapOperator(map: (value: unknown, record: Facts) => Iterable<unknown>): Operator {
  return {
    kind: 'flatMap',
    connect: (_, [next]) => {
      const send = next as Receiver;
      return (record) => {
        for (const value of map(record.value, record)) record.send(send, value);
      };
    },
  };
}

export function peekOperator(look: (value: unknown, record: Facts) => void): Operator {
  return {
    kind: 'peek',
    connect: (_, [next]) => {
      const send = next as Receiver;
      return (record) => {
        look(record.value, record);
        send(record);
      };
    },
  };
}

/** A record goes to the port of the first test that it passes, or nowhere. */
export function branchOperator(
  names: readonly string[],
  tests: readonly ((value: unknown, record: Facts) => boolean)[],
): Operator {
  return {
    kind: 'branch',
    detail: names.join(', '),
    connect: (_, outputs) => (record) => {
      const { value } = record;
      for (let port = 0; port < tests.length; port++) {
        if ((tests[port] as (typeof tests)[number])(value, record)) return (outputs[port] as Receiver)(record);
      }
    },
  };
}

/** Passes records on. Merges when it has several parents. */
export function passOperator(kind: string): Operator {
  return { kind, connect: (_, [next]) => next as Receiver };
}

export interface SinkOptions {
  readonly topic: AnyTopic;
  readonly kind: 'to' | 'keyBy';
  readonly name?: string | undefined;
  /** The key to write under; the record's own when absent. */
  readonly keyOf?: ((value: unknown, record: Facts) => unknown) | undefined;
  readonly headersOf?: ((value: unknown, record: Facts) => HeadersInput | undefined) | undefined;
  /** Serdes of what comes in: where they are the topic's own, bytes that nobody has changed are written as they are. */
  readonly inputKey: AnySerde | undefined;
  readonly inputValue: AnySerde | undefined;
}

export function sinkOperator(options: SinkOptions): Operator {
  const { topic, kind, name, keyOf, headersOf } = options;
  const keyIsSame = keyOf === undefined && options.inputKey === topic.key;
  const valueIsSame = options.inputValue === topic.value;
  const key = topic.key as AnySerde;
  const valueSerde = topic.value as AnySerde;
  const plain = { name: topic.name, key, value: valueSerde } as AnyTopic;
  const rawKey = { name: topic.name, key: bytes, value: valueSerde } as AnyTopic;
  const rawValue = { name: topic.name, key, value: bytes } as AnyTopic;
  const rawBoth = { name: topic.name, key: bytes, value: bytes } as AnyTopic;
  return {
    kind,
    name,
    detail: topic.name,
    connect: (context) => {
      const out: OutgoingRecord = {
        topic: plain,
        key: null,
        value: null,
        timestamp: 0,
        partition: undefined,
        headers: undefined,
      };
      return (record) => {
        const keyIsRaw = keyIsSame && record.keyIsInput;
        const input = valueIsSame && record.valueIsInput;
        const value = input ? record.valueBytes : (record.value ?? null);
        // Null is a tombstone, whatever the serde makes of it.
        const valueIsRaw = input || value === null;
        out.topic = keyIsRaw ? (valueIsRaw ? rawBoth : rawKey) : valueIsRaw ? rawValue : plain;
        out.timestamp = record.timestamp;
        if (headersOf !== undefined) out.headers = headersOf(record.value, record);
        if (kind === 'keyBy') out.headers = tellHorizon(context, record);
        out.key = keyIsRaw ? record.keyBytes : keyOf === undefined ? record.key : keyOf(record.value, record);
        out.value = value;
        context.write(out);
      };
    },
  };
}
