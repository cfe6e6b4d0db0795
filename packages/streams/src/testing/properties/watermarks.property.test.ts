/**
 * Windows behind a repartition topic: several tasks write to it, each at a pace of its own and with its own
 * transactions, and what comes out is the same however these fall between each other, and as computed from the records
 * of each alone.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { int64, json, text, topic } from '@millrace/client';
import fc from 'fast-check';
import { hopping, session, sliding, topology, tumbling, type Windowed } from '../../index.ts';
import type { StoreDefinition } from '../../state/store-definition.ts';
import type { InputRecord } from '../../task/cursor.ts';
import type { OutgoingRecord } from '../../task/operator-context.ts';
import { Task } from '../../task/task.ts';
import type { TaskEnvironment } from '../../task/task-environment.ts';
import { markHeaders } from '../../task/upstream-times.ts';
import type { AnySerde } from '../../topology/node.ts';
import { type SubTopology, subTopologies, taskId, upstreamTasks } from '../../topology/plan.ts';
import type { Windows } from '../../topology/windows.ts';
import { numRuns } from './arbitrary-steps.ts';
import { expectedBehindRepartition, type Given } from './recomputed-behind-repartition.ts';
import { SortedRows } from './task-rig.ts';

const input = topic('input', { key: text, value: json<{ key: string; amount: number }>() });
const output = topic('output', { key: text, value: int64 });
const widths = 2;

/** What happens next: a task above works on a record or commits, or one below reads on, or is made anew. */
type Turn = { readonly do: 'work' | 'commit' | 'read' | 'die'; readonly task: number };

const records = fc.array(
  fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    pace: fc.nat(20),
    behind: fc.nat(40),
    amount: fc.integer({ min: 1, max: 99 }),
  }),
  { maxLength: 20 },
);
const partitions = fc.array(records, { minLength: 1, maxLength: 3 }).map((each) =>
  each.map((plans): Given[] => {
    let time = 100;
    return plans.map(({ key, pace, behind, amount }) => {
      time += pace;
      return { key, time: time - behind, amount };
    });
  }),
);
const turns = fc.array(
  fc.record({
    do: fc.constantFrom<Turn['do'][]>('work', 'work', 'work', 'commit', 'read', 'read', 'read', 'die'),
    task: fc.nat(5),
  }),
  { maxLength: 200, size: 'max' },
);

function jobOf(windows: Windows) {
  const job = topology('behind');
  const keyed = job.source(input).keyBy('by-key', ({ key }) => key, { key: text });
  const options = {
    value: int64,
    initial: () => 0,
    add: (sum: number, { amount }: { amount: number }) => sum + amount,
  };
  const key = (_: number, record: { readonly key: Windowed<string> }): string =>
    `${record.key.key}@${record.key.start}-${record.key.end}`;
  if (windows.kind === 'sliding') {
    keyed.windowedBy(windows, { emit: 'close' }).aggregate('sums', options).to(output, { key });
  } else if (windows.kind === 'session') {
    const merging = { ...options, merge: (left: number, right: number) => left + right };
    keyed.windowedBy(windows, { emit: 'close' }).aggregate('sums', merging).to(output, { key });
  } else keyed.windowedBy(windows, { emit: 'close' }).aggregate('sums', options).to(output, { key });
  return subTopologies(job.graph) as [SubTopology, SubTopology];
}

interface Writer {
  readonly task: Task;
  /** Of the next record to be worked on. */
  next: number;
  /** Written and not committed. */
  readonly open: OutgoingRecord[];
  /** What was told of it last: that is told once. */
  told: string;
}

interface Reader {
  readonly task: Task;
  next: number;
}

/** The job's tasks over topics in memory. */
class Rig {
  readonly #above: SubTopology;
  readonly #below: SubTopology;
  readonly #counts: ReadonlyMap<string, number>;
  readonly #given: readonly (readonly Given[])[];
  readonly #log: InputRecord[][] = Array.from({ length: widths }, () => []);
  readonly #writers: Writer[];
  readonly #readers: Reader[];
  readonly #rows = Array.from({ length: widths }, () => new Map<string, SortedRows>());
  readonly outputs: string[] = [];

  constructor(windows: Windows, given: readonly (readonly Given[])[]) {
    [this.#above, this.#below] = jobOf(windows);
    const repartition = this.#below.sources[0]?.operator.topic.name as string;
    this.#counts = new Map([
      ['input', given.length],
      [repartition, widths],
    ]);
    this.#given = given;
    this.#writers = given.map((_, partition) => {
      const open: OutgoingRecord[] = [];
      const write = (record: OutgoingRecord): void => void open.push({ ...record });
      return { task: this.#task(this.#above, partition, write, new Map()), next: 0, open, told: '' };
    });
    this.#readers = this.#rows.map((_, partition) => ({ task: this.#reader(partition), next: 0 }));
  }

  turn({ do: what, task }: Turn): void {
    const [writer, reader] = [task % this.#writers.length, task % widths];
    if (what === 'work') this.#work(writer);
    else if (what === 'commit') this.#commit(writer);
    else if (what === 'read') this.#read(reader);
    else this.#readers[reader] = { task: this.#reader(reader), next: this.#readers[reader]?.next ?? 0 };
  }

  /** Works on all that is left. */
  end(): void {
    for (const [partition, given] of this.#given.entries()) {
      for (let left = given.length; left > 0; left--) this.#work(partition);
      this.#commit(partition);
    }
    for (let reader = 0; reader < widths; reader++) {
      while (this.#read(reader));
    }
  }

  #work(partition: number): void {
    const writer = this.#writers[partition] as Writer;
    const each = this.#given[partition]?.[writer.next];
    if (each === undefined) return;
    const value = { key: each.key, amount: each.amount };
    const bytes = { keyBytes: Buffer.from('x'), valueBytes: Buffer.from(JSON.stringify(value)) };
    const place = { topic: 'input', partition, offset: writer.next++, timestamp: each.time, headers: [] };
    writer.task.process({ ...place, ...bytes, key: 'x', value });
  }

  #commit(partition: number): void {
    const writer = this.#writers[partition] as Writer;
    for (const record of writer.open.splice(0)) this.#append((record.key as string).charCodeAt(0) % widths, record);
    const isIdle = writer.next === this.#given[partition]?.length;
    for (const { topic: name, time } of writer.task.sinkTimes()) {
      if (writer.told === `${time} ${isIdle}`) continue;
      writer.told = `${time} ${isIdle}`;
      const headers = markHeaders(new Map([[taskId(this.#above, partition), { time, isIdle }]]));
      const mark = { topic: name, key: null, value: null, timestamp: Math.max(0, time), partition: undefined, headers };
      for (let to = 0; to < widths; to++) this.#append(to, mark);
    }
  }

  #append(partition: number, { topic: described, key, value, timestamp, headers }: OutgoingRecord): void {
    const { name, key: keySerde, value: valueSerde } = this.#below.sources[0]?.operator.topic ?? assert.fail();
    assert.equal(typeof described === 'string' ? described : described.name, name);
    const stored = (serde: AnySerde, field: unknown): Buffer | null =>
      field === null ? null : Buffer.from(field instanceof Uint8Array ? field : (serde.serialize(field) as string));
    const log = this.#log[partition] as InputRecord[];
    const pairs = (headers ?? []) as readonly (readonly [string, string | Uint8Array])[];
    log.push({
      ...{ topic: name as string, partition, offset: log.length, timestamp },
      keyBytes: stored(keySerde as AnySerde, key),
      valueBytes: stored(valueSerde as AnySerde, value),
      key,
      value: value instanceof Uint8Array ? JSON.parse(Buffer.from(value).toString()) : value,
      headers: pairs.map(([name, field]) => ({ key: name, value: Buffer.from(field as string) })),
    });
  }

  /** Answers whether there was a record. */
  #read(partition: number): boolean {
    const reader = this.#readers[partition] as Reader;
    const record = this.#log[partition]?.[reader.next];
    if (record === undefined) return false;
    reader.next++;
    reader.task.process(record);
    reader.task.takeChanges((store) => {
      const rows = this.#rowsOf(partition, store);
      const change = (key: Uint8Array, value: Uint8Array | null): void =>
        rows.put(Buffer.from(key), value === null ? null : Buffer.from(value));
      return { change, drop: (key) => change(key, null) };
    });
    reader.task.written();
    return true;
  }

  #reader(partition: number): Task {
    const write = ({ key, value, timestamp }: OutgoingRecord): void =>
      void this.outputs.push(`${key}=${value} at ${timestamp}`);
    const upstreams = upstreamTasks(this.#below, [this.#above, this.#below], this.#counts);
    return this.#task(this.#below, partition, write, upstreams);
  }

  #task(sub: SubTopology, partition: number, write: TaskEnvironment['write'], upstreams: TaskEnvironment['upstreams']) {
    return new Task(sub, partition, {
      now: () => 0,
      write,
      space: (store) => this.#rowsOf(partition, store),
      cacheBytesMax: Number.POSITIVE_INFINITY,
      effects: { count: 0 },
      late: () => undefined,
      upstreams,
    });
  }

  #rowsOf(partition: number, { name }: StoreDefinition): SortedRows {
    const spaces = this.#rows[partition] as Map<string, SortedRows>;
    const rows = spaces.get(name) ?? new SortedRows();
    spaces.set(name, rows);
    return rows;
  }
}

for (const [name, windows] of Object.entries({
  tumbling: tumbling({ sizeMs: 20, graceMs: 10 }),
  hopping: hopping({ sizeMs: 30, advanceMs: 10 }),
  session: session({ gapMs: 10, graceMs: 5 }),
  sliding: sliding({ differenceMs: 10, graceMs: 5 }),
} satisfies Record<string, Windows>)) {
  test(`${name} windows behind a repartition are the same in whatever order tasks write and read`, () => {
    fc.assert(
      fc.property(partitions, turns, (given, order) => {
        const rig = new Rig(windows, given);
        for (const turn of order) rig.turn(turn);
        rig.end();
        assert.deepEqual(rig.outputs.sort(), expectedBehindRepartition(windows, given));
      }),
      { numRuns },
    );
  });
}
