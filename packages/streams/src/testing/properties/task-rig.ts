/**
 * One task of a topology over rows in memory that outlive it: what `Task` does with records in any order, when commits
 * fall between them, when its cache holds next to nothing, and when it dies and begins again behind its last commit.
 */
import type { AnyTopic } from '@millrace/client';
import type { StateChanges, StateSpace } from '../../state/state-space.ts';
import type { StoreDefinition } from '../../state/store-definition.ts';
import type { InputRecord } from '../../task/cursor.ts';
import type { OutgoingRecord } from '../../task/operator-context.ts';
import { Task } from '../../task/task.ts';
import type { AnySerde } from '../../topology/node.ts';
import { subTopologies } from '../../topology/plan.ts';
import type { Topology } from '../../topology/topology.ts';

/** What may happen to a task. */
export type Step =
  | {
      readonly do: 'record';
      readonly topic: string;
      readonly key: string;
      readonly value: unknown;
      readonly time: number;
    }
  /** Its rows are on disk so many steps later, or before whatever needs them there. */
  | { readonly do: 'commit'; readonly writtenAfter: number }
  /** The process dies: what was not committed is gone and is worked on again. */
  | { readonly do: 'die' };

export interface Output {
  readonly topic: string;
  readonly key: unknown;
  readonly value: unknown;
  readonly time: number;
}

/** What came of each step: of a record, or of a commit. Of a death nothing. */
export interface Outcome {
  readonly outputs: readonly Output[];
  readonly lateCount: number;
}

/** Runs the steps, then commits; outcomes are in the order of the steps, that of the last commit behind them. */
export function runSteps(topology: Topology, steps: readonly Step[], cacheBytesMax: number): Outcome[] {
  const run = new TaskRun(topology, cacheBytesMax);
  const outcomes: Outcome[] = [];
  let committed = 0;
  for (const [index, step] of steps.entries()) {
    if (step.do === 'die') {
      run.begin();
      outcomes.push({ outputs: [], lateCount: 0 });
      for (let again = committed; again < index; again++) {
        const each = steps[again] as Step;
        if (each.do === 'record') outcomes[again] = run.process(each, again);
      }
    } else if (step.do === 'commit') {
      outcomes.push(run.commit(step.writtenAfter));
      committed = index + 1;
    } else outcomes.push(run.process(step, index));
    run.settle();
  }
  return [...outcomes, run.commit(0)];
}

class TaskRun {
  readonly #topology: Topology;
  readonly #cacheBytesMax: number;
  readonly #rows = new Map<string, SortedRows>();
  #outputs: Output[] = [];
  #lateCount = 0;
  /** Writes the rows of the last commit, in so many steps. */
  #unwritten: { steps: number; readonly write: () => void } | undefined;
  #task: Task;

  constructor(topology: Topology, cacheBytesMax: number) {
    this.#topology = topology;
    this.#cacheBytesMax = cacheBytesMax;
    this.#task = this.begin();
  }

  begin(): Task {
    // What was committed is in the changelog, if not on disk.
    this.#write();
    const [sub, ...others] = subTopologies(this.#topology.graph);
    if (sub === undefined || others.length > 0) throw new Error('a run has one task; the topology needs several');
    this.#task = new Task(sub, 0, {
      now: () => 0,
      write: (record) => void this.#outputs.push(outputOf(record)),
      space: (store) => this.#rowsOf(store),
      cacheBytesMax: this.#cacheBytesMax,
      effects: { count: 0 },
      upstreams: new Map(),
      late: () => void this.#lateCount++,
    });
    return this.#task;
  }

  process(step: Step & { readonly do: 'record' }, offset: number): Outcome {
    const source = this.#task.sub.sources.find(({ operator }) => operator.topic.name === step.topic);
    if (source === undefined) throw new Error(`the topology does not read ${step.topic}`);
    this.#task.process(inputOf(source.operator.topic, step, offset));
    return this.#outcome();
  }

  commit(writtenAfter: number): Outcome {
    this.#write();
    this.#task.beforeCommit();
    const changes: (() => void)[] = [];
    this.#task.takeChanges((store): StateChanges => {
      const rows = this.#rowsOf(store);
      return {
        change: (key, value) => {
          const [rowKey, row] = [Buffer.from(key), value === null ? null : Buffer.from(value)];
          changes.push(() => rows.put(rowKey, row));
        },
        drop: (key) => {
          const rowKey = Buffer.from(key);
          changes.push(() => rows.put(rowKey, null));
        },
      };
    });
    const task = this.#task;
    const write = (): void => {
      for (const change of changes) change();
      task.written();
    };
    this.#unwritten = { steps: writtenAfter, write };
    return this.#outcome();
  }

  /** Another step has been done. */
  settle(): void {
    if (this.#unwritten !== undefined && this.#unwritten.steps-- === 0) this.#write();
  }

  #write(): void {
    const unwritten = this.#unwritten;
    this.#unwritten = undefined;
    unwritten?.write();
  }

  #rowsOf({ name }: StoreDefinition): SortedRows {
    const rows = this.#rows.get(name) ?? new SortedRows();
    this.#rows.set(name, rows);
    return rows;
  }

  #outcome(): Outcome {
    const outcome = { outputs: this.#outputs, lateCount: this.#lateCount };
    this.#outputs = [];
    this.#lateCount = 0;
    return outcome;
  }
}

/** Rows in memory. */
export class SortedRows implements StateSpace {
  readonly #rows: { readonly key: Buffer; value: Buffer }[] = [];

  get(key: Uint8Array): Uint8Array | undefined {
    const row = this.#rows[this.#placeOf(key)];
    return row?.key.equals(key) ? row.value : undefined;
  }

  *range({ from, to, limit = Number.POSITIVE_INFINITY }: Parameters<StateSpace['range']>[0]): Iterable<{
    readonly key: Uint8Array;
    readonly value: Uint8Array;
  }> {
    const first = this.#placeOf(from);
    const end = Math.min(this.#placeOf(to), first + limit);
    yield* this.#rows.slice(first, end);
  }

  put(key: Buffer, value: Buffer | null): void {
    const place = this.#placeOf(key);
    const isThere = this.#rows[place]?.key.equals(key) === true;
    if (value === null) this.#rows.splice(place, isThere ? 1 : 0);
    else this.#rows.splice(place, isThere ? 1 : 0, { key, value });
  }

  /** Of the first row that is not before this key. */
  #placeOf(key: Uint8Array): number {
    const place = this.#rows.findIndex((row) => row.key.compare(key) >= 0);
    return place < 0 ? this.#rows.length : place;
  }
}

function inputOf(topic: AnyTopic, { key, value, time }: Step & { readonly do: 'record' }, offset: number): InputRecord {
  const [keyBytes, valueBytes] = [bytesOf(topic.key as AnySerde, key), bytesOf(topic.value as AnySerde, value)];
  const place = { topic: topic.name, partition: 0, offset, timestamp: time, headers: [] };
  return { ...place, key, value, keyBytes, valueBytes };
}

/** As whoever reads the topic has it. */
function outputOf({ topic, key, value, timestamp }: OutgoingRecord): Output {
  if (typeof topic === 'string') throw new Error(`the topic ${topic} has no serdes`);
  const serdes = topic as { readonly key: AnySerde; readonly value: AnySerde };
  const [keyBytes, valueBytes] = [bytesOf(serdes.key, key), bytesOf(serdes.value, value)];
  const read = valueBytes === null ? null : serdes.value.deserialize(valueBytes);
  return { topic: topic.name as string, key: serdes.key.deserialize(keyBytes), value: read, time: timestamp };
}

function bytesOf(serde: AnySerde, value: unknown): Uint8Array | null {
  const serialized = serde.serialize(value);
  return typeof serialized === 'string' ? Buffer.from(serialized) : serialized;
}
