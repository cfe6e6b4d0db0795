/**
 * Runs a topology without a broker, to test what it computes: records are piped in and read out, and the clock moves
 * when it is told to. The tasks are the real ones, for one partition of each topic; what they write to a topic that the
 * topology reads is worked on before `pipe` returns. Nothing is committed until `commit` is called, which has results
 * sent that wait for a commit.
 */
import { assert } from '@millrace/base';
import type { HeadersInput, KeyInputOf, KeyOf, RecordHeader, TopicLike, ValueInputOf, ValueOf } from '@millrace/client';
import { bytes } from '@millrace/client';
import { TopologyError } from '../errors.ts';
import { emptySpace } from '../state/state-space.ts';
import type { InputRecord } from '../task/cursor.ts';
import type { OutgoingRecord } from '../task/operator-context.ts';
import { type AnyStore, Task } from '../task/task.ts';
import { markHeaders } from '../task/upstream-times.ts';
import type { AnySerde } from '../topology/node.ts';
import { subTopologies, taskId, upstreamTasks } from '../topology/plan.ts';
import type { Topology } from '../topology/topology.ts';

export interface DriverOptions {
  /** Wall-clock time at the beginning, in ms since 1970. Default 0. */
  readonly now?: number | undefined;
}

export interface PipedRecord<K, V> {
  readonly key?: K | undefined;
  readonly value: V;
  /** Milliseconds since 1970. Default: the driver's wall-clock time. */
  readonly timestamp?: number | undefined;
  readonly headers?: readonly RecordHeader[] | undefined;
}

export interface ReadRecord<K, V> {
  readonly key: K;
  readonly value: V;
  readonly timestamp: number;
}

export interface TestDriver {
  /** Works on a record of a source topic. Throws what the topology's functions throw. */
  pipe<const T extends TopicLike>(topic: T, record: PipedRecord<KeyInputOf<T>, ValueInputOf<T>>): void;
  /** What was written to a topic since the last call. */
  read<const T extends TopicLike>(topic: T): ReadRecord<KeyOf<T>, ValueOf<T>>[];
  /** Moves wall-clock time on. */
  advance(ms: number): void;
  /** Has results sent that wait for a commit. What they make wait further down waits for the next one. */
  commit(): void;
  /** A store as its operator left it. Throws `TopologyError` when there is none of that name. */
  store(name: string): AnyStore;
  /** How many records an operator has dropped because they came too late. */
  lateCount(operator: string): number;
}

/** Throws `TopologyError`. */
export function testDriver(topology: Topology, options: DriverOptions = {}): TestDriver {
  return new Driver(topology, options);
}

class Driver implements TestDriver {
  readonly #tasks: readonly Task[];
  readonly #taskBySource = new Map<string, Task>();
  readonly #serdes = new Map<string, { readonly key: AnySerde; readonly value: AnySerde }>();
  readonly #offsets = new Map<string, number>();
  readonly #written = new Map<string, StoredRecord[]>();
  readonly #late = new Map<string, number>();
  /** What was told last, by topic and task. */
  readonly #marked = new Map<string, number>();
  /** What is to be worked on next. */
  readonly #due: StoredRecord[] = [];
  #now: number;

  constructor(topology: Topology, { now = 0 }: DriverOptions) {
    this.#now = now;
    const environment = {
      now: () => this.#now,
      write: (record: OutgoingRecord) => this.#write(record),
      space: () => emptySpace,
      cacheBytesMax: Number.POSITIVE_INFINITY,
      effects: { count: 0 },
      upstreams: new Map(),
      late: (operator: string) => void this.#late.set(operator, this.lateCount(operator) + 1),
    };
    const subs = subTopologies(topology.graph).filter(({ sources }) => sources.length > 0);
    const counts = new Map(
      subs.flatMap(({ sources }) => sources.map(({ operator }) => [operator.topic.name, 1] as const)),
    );
    this.#tasks = subs.map((sub) => new Task(sub, 0, { ...environment, upstreams: upstreamTasks(sub, subs, counts) }));
    for (const task of this.#tasks) {
      for (const { operator } of task.sub.sources) {
        this.#taskBySource.set(operator.topic.name, task);
        const { key, value } = operator.topic;
        this.#serdes.set(operator.topic.name, { key: key as AnySerde, value: value as AnySerde });
      }
    }
  }

  pipe(topic: TopicLike, { key, value, timestamp = this.#now, headers = [] }: PipedRecord<unknown, unknown>): void {
    const { name, serdes } = described(topic);
    if (!this.#taskBySource.has(name)) throw new TopologyError(`the topology does not read topic ${name}`);
    this.#accept(name, bytesOf(serdes.key, key ?? null), bytesOf(serdes.value, value), timestamp, headers);
    this.#work();
  }

  read<const T extends TopicLike>(topic: T): ReadRecord<KeyOf<T>, ValueOf<T>>[] {
    const { name, serdes } = described(topic);
    const records = this.#written.get(name) ?? [];
    this.#written.delete(name);
    return records.map(({ keyBytes, valueBytes, timestamp }) => ({
      key: serdes.key.deserialize(keyBytes) as KeyOf<T>,
      // Tombstones are null whatever the serde.
      value: (valueBytes === null ? null : serdes.value.deserialize(valueBytes)) as ValueOf<T>,
      timestamp,
    }));
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const task of this.#tasks) task.tick();
    this.#work();
  }

  commit(): void {
    for (const task of this.#tasks) {
      task.beforeCommit();
      task.takeChanges(() => ({ change: () => undefined, drop: () => undefined }));
      task.written();
    }
    this.#work();
  }

  store(name: string): AnyStore {
    const found = this.#tasks.map(({ stores }) => stores.get(name)).find((store) => store !== undefined);
    if (found === undefined) throw new TopologyError(`the topology has no store '${name}'`);
    return found;
  }

  lateCount(operator: string): number {
    return this.#late.get(operator) ?? 0;
  }

  #write({ topic, key, value, timestamp, headers }: OutgoingRecord): void {
    const { name, serdes } = described(topic);
    assert(headers === undefined || Array.isArray(headers) || typeof headers === 'object', 'headers are no headers');
    const [keyBytes, valueBytes] = [bytesOf(serdes.key, key), bytesOf(serdes.value, value)];
    if (this.#taskBySource.has(name)) this.#accept(name, keyBytes, valueBytes, timestamp, storedHeaders(headers));
    const record = new StoredRecord(name, 0, timestamp, keyBytes, valueBytes, serdes, []);
    const written = this.#written.get(name);
    if (written === undefined) this.#written.set(name, [record]);
    else written.push(record);
  }

  #accept(
    topic: string,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: number,
    headers: readonly RecordHeader[],
  ): void {
    const offset = this.#offsets.get(topic) ?? 0;
    this.#offsets.set(topic, offset + 1);
    const serdes = this.#serdes.get(topic) as { readonly key: AnySerde; readonly value: AnySerde };
    this.#due.push(new StoredRecord(topic, offset, timestamp, key, value, serdes, headers));
  }

  #work(): void {
    for (let record = this.#due.shift(); record !== undefined; record = this.#due.shift()) {
      const task = this.#taskBySource.get(record.topic);
      task?.process(record);
      if (task !== undefined) this.#mark(task);
    }
  }

  /** Tells who reads repartition topics how far a task is that writes there, as jobs do with each transaction. */
  #mark(task: Task): void {
    const id = taskId(task.sub, 0);
    for (const { topic, time } of task.sinkTimes()) {
      const name = `${topic} ${id}`;
      if (time < 0 || this.#marked.get(name) === time) continue;
      this.#marked.set(name, time);
      const headers = markHeaders(new Map([[id, { time, isIdle: false }]]));
      const written = headers.map(([key, value]) => ({ key, value: Buffer.from(value) }));
      this.#accept(topic, null, null, time, written);
    }
  }
}

class StoredRecord implements InputRecord {
  readonly topic: string;
  readonly partition = 0;
  readonly offset: number;
  readonly timestamp: number;
  readonly keyBytes: Uint8Array | null;
  readonly valueBytes: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
  readonly #serdes: { readonly key: AnySerde; readonly value: AnySerde };

  constructor(
    topic: string,
    offset: number,
    timestamp: number,
    keyBytes: Uint8Array | null,
    valueBytes: Uint8Array | null,
    serdes: { readonly key: AnySerde; readonly value: AnySerde },
    headers: readonly RecordHeader[],
  ) {
    this.topic = topic;
    this.offset = offset;
    this.timestamp = timestamp;
    this.keyBytes = keyBytes;
    this.valueBytes = valueBytes;
    this.#serdes = serdes;
    this.headers = headers;
  }

  get key(): unknown {
    return this.#serdes.key.deserialize(this.keyBytes);
  }

  get value(): unknown {
    return this.#serdes.value.deserialize(this.valueBytes);
  }
}

function described(topic: TopicLike): {
  readonly name: string;
  readonly serdes: { readonly key: AnySerde; readonly value: AnySerde };
} {
  if (typeof topic === 'string') return { name: topic, serdes: { key: bytes as AnySerde, value: bytes as AnySerde } };
  return { name: topic.name, serdes: { key: topic.key as AnySerde, value: topic.value as AnySerde } };
}

/** As they are read again. */
function storedHeaders(headers: HeadersInput | undefined): RecordHeader[] {
  const pairs = Array.isArray(headers)
    ? (headers as readonly (readonly [string, Uint8Array | string | null])[])
    : Object.entries(headers ?? {});
  return pairs.map(([key, value]) => ({ key, value: value === null ? null : Buffer.from(value as string) }));
}

/** A copy: what is written may be a view. */
function bytesOf(serde: AnySerde, value: unknown): Uint8Array | null {
  const serialized = serde.serialize(value);
  if (serialized === null) return null;
  return typeof serialized === 'string' ? Buffer.from(serialized) : Uint8Array.from(serialized);
}
