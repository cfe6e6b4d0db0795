/**
 * A sub-topology at work on one partition: its operators connected to one chain of plain calls, its stores, and its
 * stream time. Everything here is synchronous, and knows neither Kafka nor disks.
 *
 * Stream time is the largest event time seen; behind repartition topics it is that of the tasks which write there
 * (`upstream-times.ts`). It moves before the record is worked on that moves it, operator by operator as records flow;
 * it is noted in the stores at each commit, so that a task that begins again goes on with it.
 */
import { assert } from '@millrace/base';
import { InvalidTimestampError } from '../errors.ts';
import { KeyValueStore } from '../state/key-value-store.ts';
import {
  noteKey,
  readNote,
  type StateChanges,
  type StateSpace,
  type TaskNote,
  writeNote,
} from '../state/state-space.ts';
import type { StoreDefinition } from '../state/store-definition.ts';
import { WindowStore } from '../state/window-store.ts';
import { isSource, type Node, type Operator, type SourceOperator } from '../topology/node.ts';
import { delays, isBehindRepartition, type SourceNode, type SubTopology, storeDelays } from '../topology/plan.ts';
import { Cursor, fanOut, type InputRecord, type Receiver } from './cursor.ts';
import { countedName, countIn, countOut, type OperatorCounts } from './operator-counts.ts';
import type { TaskEnvironment } from './task-environment.ts';
import { type ClockTimer, TaskOperatorContext } from './task-operator-context.ts';
import { type Mark, readHorizon, readMark, UpstreamTimes } from './upstream-times.ts';

export type AnyStore = KeyValueStore<unknown, unknown> | WindowStore<unknown, unknown>;

/** How far event time is for who reads a repartition topic that a task writes to. */
export interface SinkTime {
  readonly topic: string;
  /** In ms since 1970; -1 before the first record. */
  readonly time: number;
  /** Whether what is written there came through a repartition topic before. */
  readonly isBehind: boolean;
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
  /** Where it writes to repartition topics, and how far it is behind its stream time there, in ms. */
  readonly #sinks: { readonly topic: string; readonly delayMs: number; readonly isBehind: boolean }[] = [];
  readonly #sources = new Map<string, { readonly source: SourceNode; readonly receive: Receiver }>();
  readonly #atCommit: (() => void)[] = [];
  readonly #clockTimers: ClockTimer[] = [];
  /** Of tasks that read repartition topics. */
  readonly #upstreams: UpstreamTimes | undefined;
  #streamTime: number;
  /** The largest event time seen in topics that are not its own. */
  #sourceTime: number;
  #notedStreamTime: number;
  #notedUpstreams = 0;

  constructor(sub: SubTopology, partition: number, environment: TaskEnvironment) {
    this.sub = sub;
    this.partition = partition;
    this.#environment = environment;
    this.#storeDelays = storeDelays(sub.nodes);
    const notes = sub.stores.map((store) => noteIn(environment.space(store)));
    this.#streamTime = Math.max(environment.streamTime ?? -1, ...notes.map(({ streamTime }) => streamTime));
    this.#sourceTime = Math.max(this.#streamTime, ...notes.map(({ sourceTime }) => sourceTime ?? -1));
    this.#notedStreamTime = this.#streamTime;
    const { upstreams } = environment;
    const noted = notes.find((note) => note.upstreams !== undefined)?.upstreams;
    this.#upstreams = upstreams.size === 0 ? undefined : new UpstreamTimes(upstreams, noted);
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

  /**
   * Works on a record, to the end. Answers whether it was one of the topology's: of time alone there are others. Throws
   * what operators and serdes throw; what was done before that stays done.
   */
  process(record: InputRecord): boolean {
    const { source, receive } = this.#sourceOf(record.topic);
    const { timestampOf, repartition } = source.operator;
    const cursor = this.#cursor;
    if (repartition?.isAnswers) {
      cursor.load(record, record.timestamp, -1);
      receive(cursor);
      return true;
    }
    if (repartition !== undefined && this.#upstreams !== undefined) {
      const mark = readMark(record);
      if (mark !== undefined) {
        this.#learn(this.#upstreams, record.topic, mark);
        return false;
      }
      cursor.load(record, record.timestamp, readHorizon(record));
      receive(cursor);
      return true;
    }
    cursor.load(record, record.timestamp, -1);
    const timestamp = timestampOf === undefined ? record.timestamp : timestampOf(cursor.value, record);
    if (!(timestamp >= 0)) throw new InvalidTimestampError(record.topic, record.partition, record.offset, timestamp);
    cursor.timestamp = timestamp;
    if (timestamp > this.#sourceTime) this.#sourceTime = timestamp;
    const movesTime = timestamp > this.#streamTime && this.isUpstreamIdle;
    // The cursor may have been used for what time makes.
    if (movesTime && this.#moveTime(timestamp)) cursor.load(record, timestamp, timestamp);
    else cursor.horizon = this.#sourceTime;
    receive(cursor);
    return true;
  }

  /** Whether those that write to the topics that it reads have no more to send, as far as they know. */
  get isUpstreamIdle(): boolean {
    return this.#upstreams?.isIdle !== false;
  }

  /** The repartition topics that it writes to, and how far event time is for who reads each of them. */
  sinkTimes(): SinkTime[] {
    return this.#sinks.map(({ topic, delayMs, isBehind }) => {
      const time = isBehind ? this.#streamTime : this.#sourceTime;
      return { topic, isBehind, time: Math.max(-1, time - delayMs) };
    });
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
    const note = this.#note();
    const noted = this.sub.stores.filter(({ kind }) => kind === 'window');
    for (const definition of this.sub.stores) {
      const changes = changesOf(definition);
      const store = this.#stores.get(definition.name) as AnyStore;
      if (store instanceof WindowStore) store.expire(this.#streamTime - (this.#storeDelays.get(store.name) ?? 0));
      store.takeChanges(changes);
      if (note === undefined) continue;
      if (noted.length === 0 ? definition === this.sub.stores[0] : noted.includes(definition as never)) {
        changes.change(noteKey, writeNote(note));
      }
    }
  }

  /** What was handed out first, of what is not written yet, is on disk now. */
  written(): void {
    for (const store of this.#stores.values()) store.written();
  }

  #learn(upstreams: UpstreamTimes, topic: string, mark: Mark): void {
    upstreams.learn(topic, mark);
    const { time } = upstreams;
    if (time > this.#streamTime) this.#moveTime(time);
  }

  /** What is to be noted where it has changed. */
  #note(): TaskNote | undefined {
    const changes = this.#upstreams?.changes ?? 0;
    if (this.#streamTime === this.#notedStreamTime && changes === this.#notedUpstreams) return undefined;
    this.#notedStreamTime = this.#streamTime;
    this.#notedUpstreams = changes;
    const streamTime = this.#streamTime;
    if (this.#upstreams === undefined) return { streamTime };
    return { streamTime, sourceTime: this.#sourceTime, upstreams: this.#upstreams.note() };
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
      const name = countedName(node);
      const counts = name === undefined ? undefined : this.#environment.countsOf?.(name);
      const ports = Array.from(outputs, (each) => countOut(counts, fanOut(each ?? [])));
      if (isSource(node.operator)) {
        const receive = countIn(counts, ports[0] as Receiver);
        this.#sources.set(node.operator.topic.name, { source: node as SourceNode, receive });
        continue;
      }
      const delayMs = held.get(node) ?? 0;
      const context = this.#contextOf(delayMs, counts);
      if (node.writesTo !== undefined) {
        const { topic, repartition } = node.writesTo.operator as SourceOperator;
        if (!repartition?.isAnswers)
          this.#sinks.push({ topic: topic.name, delayMs, isBehind: isBehindRepartition(node) });
      }
      contexts.set(node, context);
      receivers.set(node, countIn(counts, (node.operator as Operator).connect(context, ports)));
    }
    for (const node of this.sub.nodes) {
      const context = contexts.get(node);
      if (context === undefined) continue;
      if (context.timers.length > 0 || (node.operator as Operator).stores !== undefined) this.#contexts.push(context);
      this.#atCommit.push(...context.atCommit);
    }
  }

  #contextOf(delayMs: number, counts: OperatorCounts | undefined): TaskOperatorContext {
    const parts = {
      partition: this.partition,
      counts,
      cursor: this.#cursor,
      environment: this.#environment,
      storeOf: (name: string) => this.#stores.get(name) as AnyStore,
      clockTimers: this.#clockTimers,
    };
    return new TaskOperatorContext(parts, delayMs, this.#streamTime);
  }

  /** Answers whether anything was due. */
  #moveTime(streamTime: number): boolean {
    this.#streamTime = streamTime;
    let hasFired = false;
    for (const context of this.#contexts) if (context.moveTime(this.#streamTime)) hasFired = true;
    return hasFired;
  }
}

function noteIn(space: StateSpace): TaskNote {
  const note = space.get(noteKey);
  return note === undefined ? { streamTime: -1 } : readNote(note);
}
