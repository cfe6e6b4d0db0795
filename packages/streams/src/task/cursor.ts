/**
 * The record that a task works on, one object for all of them: operators read it, change it in place, and hand it on.
 *
 * Key and value are decoded when they are first read. While nobody has changed them their bytes are at hand, so that a
 * record that only passes through is never decoded.
 *
 * An operator leaves key and timestamp as it found them when it returns; the value may be anything by then.
 */
import type { RecordHeader } from '@millrace/client';

/** A record as it comes in: what the client's consumer hands out, or the test driver. */
export interface InputRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: unknown;
  readonly value: unknown;
  readonly keyBytes: Uint8Array | null;
  readonly valueBytes: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

/**
 * What a function of the user learns of a record besides its value. Only during the call: the next record comes in the
 * same object.
 */
export interface RecordFacts<K> {
  readonly key: K;
  /** Event time in ms since 1970. */
  readonly timestamp: number;
  /** Where the record came from that is worked on; of results of time alone, the empty string and -1. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Those of the incoming record. */
  readonly headers: readonly RecordHeader[];
}

const nothing: InputRecord = Object.freeze({
  topic: '',
  partition: -1,
  offset: -1,
  timestamp: -1,
  key: null,
  value: null,
  keyBytes: null,
  valueBytes: null,
  headers: [],
});

/** What is called with each record that reaches an operator. */
export type Receiver = (record: Cursor) => void;

export class Cursor implements RecordFacts<unknown> {
  timestamp = -1;
  /** Stream time by which the record may be late, in ms since 1970; -1 of records that time made, which never are. */
  horizon = -1;
  #input: InputRecord = nothing;
  #inputKey: unknown;
  #inputValue: unknown;
  #keyIsDecoded = false;
  #valueIsDecoded = false;
  #ownKey: unknown;
  #ownValue: unknown;
  #ownsKey = false;
  #ownsValue = false;

  /** Goes on to the next record that came in. */
  load(input: InputRecord, timestamp: number, horizon: number): void {
    this.#input = input;
    this.timestamp = timestamp;
    this.horizon = horizon;
    this.#keyIsDecoded = false;
    this.#valueIsDecoded = false;
    this.#ownsKey = false;
    this.#ownsValue = false;
  }

  /** Becomes a record that time made, not another record. */
  loadOwn(key: unknown, value: unknown, timestamp: number): void {
    this.#input = nothing;
    this.timestamp = timestamp;
    this.horizon = -1;
    this.key = key;
    this.value = value;
  }

  get key(): unknown {
    if (this.#ownsKey) return this.#ownKey;
    if (!this.#keyIsDecoded) {
      this.#inputKey = this.#input.key;
      this.#keyIsDecoded = true;
    }
    return this.#inputKey;
  }

  set key(key: unknown) {
    this.#ownKey = key;
    this.#ownsKey = true;
  }

  get value(): unknown {
    if (this.#ownsValue) return this.#ownValue;
    if (!this.#valueIsDecoded) {
      this.#inputValue = this.#input.value;
      this.#valueIsDecoded = true;
    }
    return this.#inputValue;
  }

  set value(value: unknown) {
    this.#ownValue = value;
    this.#ownsValue = true;
  }

  /** Whether the key is that of the incoming record, whose bytes `keyBytes` has. */
  get keyIsInput(): boolean {
    return !this.#ownsKey;
  }

  get valueIsInput(): boolean {
    return !this.#ownsValue;
  }

  /** Hands itself on as a record of another key and time; has its own back when that returns. */
  sendAs(receiver: Receiver, key: unknown, value: unknown, timestamp: number): void {
    const ownKey = this.#ownKey;
    const ownsKey = this.#ownsKey;
    const ownTimestamp = this.timestamp;
    this.#ownKey = key;
    this.#ownsKey = true;
    this.#ownValue = value;
    this.#ownsValue = true;
    this.timestamp = timestamp;
    receiver(this);
    this.#ownKey = ownKey;
    this.#ownsKey = ownsKey;
    this.timestamp = ownTimestamp;
  }

  /** Hands itself on with another value. */
  send(receiver: Receiver, value: unknown): void {
    this.#ownValue = value;
    this.#ownsValue = true;
    receiver(this);
  }

  /** A value that was changed becomes that of the incoming record again. */
  forgetValue(): void {
    this.#ownsValue = false;
  }

  /** Bytes of the incoming record: a view. */
  get keyBytes(): Uint8Array | null {
    return this.#input.keyBytes;
  }

  get valueBytes(): Uint8Array | null {
    return this.#input.valueBytes;
  }

  get topic(): string {
    return this.#input.topic;
  }

  get partition(): number {
    return this.#input.partition;
  }

  get offset(): number {
    return this.#input.offset;
  }

  get headers(): readonly RecordHeader[] {
    return this.#input.headers;
  }
}

/** A receiver that hands each record to all of `receivers`, with the same value. */
export function fanOut(receivers: readonly Receiver[]): Receiver {
  if (receivers.length === 0) return () => undefined;
  const [first, second] = receivers as [Receiver, Receiver];
  if (receivers.length === 1) return first;
  const pair = (record: Cursor): void => {
    if (record.valueIsInput) {
      first(record);
      record.forgetValue();
    } else {
      const { value } = record;
      first(record);
      record.value = value;
    }
    second(record);
  };
  if (receivers.length === 2) return pair;
  return fanOut([first, fanOut(receivers.slice(1))]);
}
