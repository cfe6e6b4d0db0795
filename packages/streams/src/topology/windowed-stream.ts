/**
 * A stream whose records are put together by key and window. Results are streams of windowed keys: with `change` a
 * result for each record (undefined for a session that became part of another), with `commit` the newest of each window
 * once a commit, with `close` one for each window when stream time has passed its end and grace.
 */
import { int64, type Serde } from '@millrace/client';
import type { Emit } from '../operators/aggregate.ts';
import { type SessionRow, sessionAggregateOperator } from '../operators/session-aggregate.ts';
import { windowAggregateOperator } from '../operators/window-aggregate.ts';
import { sessionRowSerde } from '../state/row-serdes.ts';
import type { WindowDefinition } from '../state/store-definition.ts';
import type { RecordFacts } from '../task/cursor.ts';
import type { AnySerde } from './node.ts';
import { isRepartitioned, needSerde, type Place } from './shape.ts';
import type { Stream } from './stream.ts';
import { type WindowResults, windowResults } from './window-results.ts';
import { formOf, type SessionWindows, type TimeWindows, type Windowed } from './windows.ts';

// biome-ignore lint/suspicious/noExplicitAny: functions of any key and value go into the untyped graph
type Any = any;

type MergeOf<W, A> = W extends SessionWindows
  ? {
      /** One aggregate of two whose sessions a record has joined, the earlier first. */
      readonly merge: (left: A, right: A) => A;
    }
  : unknown;

export type WindowAggregateOptions<K, V, A, W> = {
  readonly key?: Serde<K> | undefined;
  readonly value: Serde<A>;
  readonly initial: () => A;
  /** As that of `Stream.aggregate`. */
  readonly add: (aggregate: A, value: V, record: RecordFacts<K>) => A;
} & MergeOf<W, A>;

export class WindowedStream<K, V, W extends TimeWindows | SessionWindows> {
  readonly #place: Place;
  readonly #windows: TimeWindows | SessionWindows;
  readonly #emit: Emit;

  /** Not for callers: `Stream.windowedBy` makes it. */
  constructor(place: Place, windows: W, emit: Emit) {
    this.#place = place;
    this.#windows = windows;
    this.#emit = emit;
  }

  /** One value of all records of a key in a window. */
  aggregate<A>(name: string, options: WindowAggregateOptions<K, V, A, W>): Stream<Windowed<K>, A> {
    return this.aggregateWithLate(name, options).results;
  }

  /** Likewise, with the records that were in no window any more. */
  aggregateWithLate<A>(name: string, options: WindowAggregateOptions<K, V, A, W>): WindowResults<K, V, A> {
    const { blueprint, keySerde } = this.#place;
    blueprint.claim('aggregate', name);
    const key = needSerde('key', options.key as AnySerde | undefined, keySerde, `aggregate '${name}'`);
    const value = options.value as AnySerde;
    const store = this.#storeOf(name, key, value);
    const windows = this.#windows;
    const common = { store, value, emit: this.#emit, isRepartitioned: isRepartitioned(this.#place) };
    const operator =
      windows.kind === 'session'
        ? sessionAggregateOperator({ ...common, windows, aggregation: options as Any })
        : windowAggregateOperator({ ...common, windows, aggregation: options as Any });
    return windowResults(this.#place, windows, store, value, operator);
  }

  /** The newest of a window's values, as `reduce` makes them of the one before and the next. */
  reduce(
    name: string,
    reduce: (left: V, right: V) => V,
    options: { readonly key?: Serde<K>; readonly value?: Serde<V> } = {},
  ): Stream<Windowed<K>, V> {
    const value = needSerde('value', options.value as AnySerde | undefined, this.#place.valueSerde, `reduce '${name}'`);
    const add = (left: V | undefined, right: V): V => (left === undefined ? right : reduce(left, right));
    return this.aggregate(name, { key: options.key, value, initial: () => undefined, add, merge: add } as Any);
  }

  /** How many records a key has in a window. */
  count(name: string, options: { readonly key?: Serde<K> } = {}): Stream<Windowed<K>, number> {
    const add = (count: number): number => count + 1;
    const merge = (left: number, right: number): number => left + right;
    return this.aggregate(name, { key: options.key, value: int64, initial: () => 0, add, merge } as Any);
  }

  #storeOf(name: string, key: AnySerde, value: AnySerde): WindowDefinition {
    const windows = this.#windows;
    const form = formOf(windows);
    if (windows.kind === 'session') {
      const { apartMs, graceMs } = windows;
      const bucketMs = Math.max(apartMs, graceMs);
      const retentionMs = apartMs + graceMs + (isRepartitioned(this.#place) ? apartMs : 0);
      const show = (last: number, row: unknown): unknown => {
        const { start, aggregate } = row as SessionRow;
        return { start, end: last + apartMs, value: aggregate };
      };
      return { kind: 'window', name, key, value: sessionRowSerde(value), retentionMs, bucketMs, form, show };
    }
    const retentionMs = windows.sizeMs + windows.graceMs;
    const show = (start: number, shown: unknown): unknown => ({ start, end: start + windows.sizeMs, value: shown });
    return { kind: 'window', name, key, value, retentionMs, bucketMs: windows.advanceMs, form, show };
  }
}
