/**
 * A sub-topology at work on one partition: its operators connected to one chain of plain calls, its stores, and its
 * stream time. Everything here is synchronous, and knows neither Kafka nor disks.
 *
 * Stream time is the largest event time seen. It moves before the record is worked on that moves it, operator by
 * operator as records flow; it is noted in the stores at each commit, so that a task that begins again goes on with it.
 */
import { assert } from '@millrace/base';
import { InvalidTimestampError } from '../errors.ts';
import { KeyValueStore } from '../state/key-value-store.ts';
import {
  type Effects,
  noteKey,
  readStreamTime,
  type StateChanges,
  type StateSpace,
  writeStreamTime,
} from '../state/state-space.ts';
import type { StoreDefinition } from '../state/store-definition.ts';
import { WindowStore } from '../state/window-store.ts';
import { isSource, type Node, type Operator } from '../topology/node.ts';
import { delays, type SourceNode, type SubTopology, storeDelays } from '../topology/plan.ts';
import { Cursor, fanOut, type InputRecord, type Receiver } from './cursor.ts';
import type { OperatorContext, OutgoingRecord, StreamTimer } from './operator-context.ts';

/** The world of a task. */
export interface TaskEnvironment {
  /** Wall-clock time in ms since 1970. */
  now(): number;
  /** The object may be used again once this has returned. */
  write(record: OutgoingRecord): void;
  space(store: StoreDefinition): StateSpace;
  /** Memory for the cache of one store, in bytes, about. */
  readonly cacheBytesMax: number;
  /** Counts what the task does. */
  readonly effects: Effects;
  /** A record was dropped since it came too late. */
  late(operator: string): void;
}

export type AnyStore = KeyValueStore<unknown, unknown> | WindowStore<unknown, unknown>;

interface ClockTimer {
  readonly intervalMs: number;
  dueAt: number;
  readonly work: (now: number) => void;
}

export class Task {
  readonly sub: SubTopology;
  readonly partition: number;
  readonly #environment: TaskEnvironment;
  readonly #cursor = new Cursor();
  readonly #stores = new Map<string, AnyStore>();
  /** Those to which stream time matters, in the order in which records flow. */
  readonly #contexts: TaskOperatorContext[] = [];
  /** How far the operators of a store are behind the task's stream time: its rows are kept for that longer. */
  readonly #storeDelays: ReadonlyMap<string, number>;
  readonly #sources = new Map<string, { readonly source: SourceNode; readonly receive: Receiver }>();
  readonly #atCommit: (() => void)[] = [];
  readonly #clockTimers: ClockTimer[] = [];
  #streamTime: number;
  #notedStreamTime: number;

  constructor(sub: SubTopology, partition: number, environment: TaskEnvironment) {
    this.sub = sub;
    this.partition = partition;
    this.#environment = environment;
    this.#storeDelays = storeDelays(sub.nodes);
    this.#streamTime = Math.max(-1, ...sub.stores.map((store) => readNote(environment.space(store))));
    this.#notedStreamTime = this.#streamTime;
    for (const definition of sub.stores) this.#stores.set(definition.name, this.#openStore(definition));
    this.#connect();
  }

  /** Ms since 1970; -1 before the first record. */
  get streamTime(): number {
    return this.#streamTime;
  }

  get stores(): ReadonlyMap<string, AnyStore> {
    return this.#stores;
  }

  /** Event time of a record in ms since 1970. What the topology's own function throws, this throws. */
  timestampOf(record: InputRecord): number {
    const { timestampOf } = this.#sourceOf(record.topic).source.operator;
    const timestamp = timestampOf === undefined ? record.timestamp : timestampOf(record.value, record);
    if (timestamp >= 0) return timestamp;
    throw new InvalidTimestampError(record.topic, record.partition, record.offset, timestamp);
  }

  /** Works on a record, to the end. Throws what operators and serdes throw; what was done before that stays done. */
  process(record: InputRecord): void {
    const { source, receive } = this.#sourceOf(record.topic);
    const { timestampOf } = source.operator;
    const cursor = this.#cursor;
    cursor.load(record, record.timestamp);
    const timestamp = timestampOf === undefined ? record.timestamp : timestampOf(cursor.value, record);
    if (!(timestamp >= 0)) throw new InvalidTimestampError(record.topic, record.partition, record.offset, timestamp);
    cursor.timestamp = timestamp;
    if (timestamp > this.#streamTime) {
      this.#streamTime = timestamp;
      // The cursor may have been used for what time makes.
      if (this.#moveTime()) cursor.load(record, timestamp);
    }
    receive(cursor);
  }

  /** Wall-clock time when something is due, in ms since 1970; infinite when nothing ever is. */
  get clockDueAt(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const { dueAt } of this.#clockTimers) if (dueAt < due) due = dueAt;
    return due;
  }

  /** Has what is due by wall-clock time done. Answers whether there was any. */
  tick(): boolean {
    if (this.#clockTimers.length === 0) return false;
    const now = this.#environment.now();
    let isBusy = false;
    for (const timer of this.#clockTimers.slice()) {
      if (now < timer.dueAt) continue;
      timer.dueAt = now + timer.intervalMs;
      timer.work(now);
      isBusy = true;
    }
    return isBusy;
  }

  /** Has results sent that were held back for the commit. */
  beforeCommit(): void {
    for (const work of this.#atCommit) work();
  }

  /** Hands out the changes of all stores since the last call. `written` must follow, or `Task` be made anew. */
  takeChanges(changesOf: (store: StoreDefinition) => StateChanges): void {
    const note = this.#streamTime === this.#notedStreamTime ? undefined : writeStreamTime(this.#streamTime);
    this.#notedStreamTime = this.#streamTime;
    const noted = this.sub.stores.filter(({ kind }) => kind === 'window');
    for (const definition of this.sub.stores) {
      const changes = changesOf(definition);
      const store = this.#stores.get(definition.name) as AnyStore;
      if (store instanceof WindowStore) store.expire(this.#streamTime - (this.#storeDelays.get(store.name) ?? 0));
      store.takeChanges(changes);
      if (note === undefined) continue;
      if (noted.length === 0 ? definition === this.sub.stores[0] : noted.includes(definition as never)) {
        changes.change(noteKey, note);
      }
    }
  }

  /** What was handed out first, of what is not written yet, is on disk now. */
  written(): void {
    for (const store of this.#stores.values()) store.written();
  }

  #sourceOf(topic: string): { readonly source: SourceNode; readonly receive: Receiver } {
    const source = this.#sources.get(topic);
    // The text of an assertion is made whether it holds or not: too much for each record.
    if (source === undefined) assert(false, `a record of ${topic} came to a task that does not read it`);
    return source;
  }

  #openStore(definition: StoreDefinition): AnyStore {
    const space = this.#environment.space(definition);
    const { cacheBytesMax, effects } = this.#environment;
    return definition.kind === 'key-value'
      ? new KeyValueStore(definition, space, cacheBytesMax, effects)
      : new WindowStore(definition, space, cacheBytesMax, effects);
  }

  #connect(): void {
    const held = delays(this.sub.nodes);
    const receivers = new Map<Node, Receiver>();
    const contexts = new Map<Node, TaskOperatorContext>();
    // What a record reaches is there before what sends it.
    for (const node of this.sub.nodes.toReversed()) {
      const children = this.sub.nodes.filter(({ parents }) => parents.some((parent) => parent.node === node));
      const outputs: Receiver[][] = [[], []];
      for (const child of children) {
        for (const { node: parent, port } of child.parents) {
          if (parent !== node) continue;
          outputs[port] ??= [];
          outputs[port].push(receivers.get(child) as Receiver);
        }
      }
      const ports = Array.from(outputs, (each) => fanOut(each ?? []));
      if (isSource(node.operator)) {
        this.#sources.set(node.operator.topic.name, { source: node as SourceNode, receive: ports[0] as Receiver });
        continue;
      }
      const context = this.#contextOf(held.get(node) ?? 0);
      contexts.set(node, context);
      receivers.set(node, (node.operator as Operator).connect(context, ports));
    }
    for (const node of this.sub.nodes) {
      const context = contexts.get(node);
      if (context === undefined) continue;
      if (context.timers.length > 0 || (node.operator as Operator).stores !== undefined) this.#contexts.push(context);
      this.#atCommit.push(...context.atCommit);
    }
  }

  #contextOf(delayMs: number): TaskOperatorContext {
    const parts = {
      partition: this.partition,
      cursor: this.#cursor,
      environment: this.#environment,
      storeOf: (name: string) => this.#stores.get(name) as AnyStore,
      clockTimers: this.#clockTimers,
    };
    return new TaskOperatorContext(parts, delayMs, this.#streamTime);
  }

  #moveTime(): boolean {
    let hasFired = false;
    for (const context of this.#contexts) if (context.moveTime(this.#streamTime)) hasFired = true;
    return hasFired;
  }
}

interface ContextParts {
  readonly partition: number;
  readonly cursor: Cursor;
  readonly environment: TaskEnvironment;
  readonly storeOf: (name: string) => AnyStore;
  readonly clockTimers: ClockTimer[];
}

class TaskOperatorContext implements OperatorContext {
  readonly partition: number;
  readonly cursor: Cursor;
  readonly timers: StreamTimer[] = [];
  readonly atCommit: (() => void)[] = [];
  readonly #parts: ContextParts;
  readonly #delayMs: number;
  streamTime: number;

  constructor(parts: ContextParts, delayMs: number, streamTime: number) {
    this.partition = parts.partition;
    this.cursor = parts.cursor;
    this.#parts = parts;
    this.#delayMs = delayMs;
    this.streamTime = Math.max(-1, streamTime - delayMs);
  }

  moveTime(taskTime: number): boolean {
    const streamTime = taskTime - this.#delayMs;
    if (streamTime <= this.streamTime) return false;
    this.streamTime = streamTime;
    let hasFired = false;
    for (const timer of this.timers) {
      if (streamTime < timer.dueAt) continue;
      timer.fire(streamTime);
      hasFired = true;
    }
    return hasFired;
  }

  now(): number {
    return this.#parts.environment.now();
  }

  store(definition: StoreDefinition): never {
    return this.#parts.storeOf(definition.name) as never;
  }

  write(record: OutgoingRecord): void {
    this.#parts.environment.write(record);
  }

  onStreamTime(timer: StreamTimer): void {
    this.timers.push(timer);
  }

  onCommit(work: () => void): void {
    this.atCommit.push(work);
  }

  onClock(intervalMs: number, work: (now: number) => void): () => void {
    const { clockTimers, environment } = this.#parts;
    const timer = { intervalMs, dueAt: environment.now() + intervalMs, work };
    clockTimers.push(timer);
    return () => {
      const at = clockTimers.indexOf(timer);
      if (at >= 0) clockTimers.splice(at, 1);
    };
  }

  countLate(operator: string): void {
    this.#parts.environment.late(operator);
  }
}

function readNote(space: StateSpace): number {
  const note = space.get(noteKey);
  return note === undefined ? -1 : readStreamTime(note);
}
