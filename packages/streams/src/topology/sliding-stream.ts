/** A stream whose records are put together by key in sliding windows. Its store keeps the records of open windows. */
import { int64, type Serde } from '@millrace/client';
import { slidingAggregateOperator } from '../operators/sliding-aggregate.ts';
import type { WindowDefinition } from '../state/store-definition.ts';
import type { AnySerde } from './node.ts';
import { isRepartitioned, needSerde, type Place } from './shape.ts';
import type { Stream } from './stream.ts';
import { type WindowResults, windowResults } from './window-results.ts';
import { formOf, type SlidingWindows, type Windowed } from './windows.ts';

export interface SlidingAggregateOptions<K, V, A> {
  readonly key?: Serde<K> | undefined;
  /** The serde of the records' values, where it is not known from above: they are what the store keeps. */
  readonly input?: Serde<V> | undefined;
  /** The serde of the aggregate, for those who need it further down. */
  readonly value: Serde<A>;
  readonly initial: () => A;
  /** Called with the window's values in the order of their times, each time that the window is computed. */
  readonly add: (aggregate: A, value: V) => A;
}

export class SlidingStream<K, V> {
  readonly #place: Place;
  readonly #windows: SlidingWindows;
  readonly #emit: 'change' | 'close';

  /** Not for callers: `Stream.windowedBy` makes it. */
  constructor(place: Place, windows: SlidingWindows, emit: 'change' | 'close') {
    this.#place = place;
    this.#windows = windows;
    this.#emit = emit;
  }

  /** One value of all records of a key in a window. */
  aggregate<A>(name: string, options: SlidingAggregateOptions<K, V, A>): Stream<Windowed<K>, A> {
    return this.aggregateWithLate(name, options).results;
  }

  /** Likewise, with the records that were in no window any more. */
  aggregateWithLate<A>(name: string, options: SlidingAggregateOptions<K, V, A>): WindowResults<K, V, A> {
    const { blueprint, keySerde, valueSerde } = this.#place;
    const { differenceMs, graceMs } = this.#windows;
    blueprint.claim('aggregate', name);
    const isBehind = isRepartitioned(this.#place);
    const store: WindowDefinition = {
      kind: 'window',
      name,
      key: needSerde('key', options.key as AnySerde | undefined, keySerde, `aggregate '${name}'`),
      value: needSerde('value', options.input as AnySerde | undefined, valueSerde, `aggregate '${name}' ({ input })`),
      retentionMs: differenceMs + graceMs + 3 + (isBehind ? differenceMs : 0),
      bucketMs: differenceMs + 1 + graceMs,
      form: formOf(this.#windows),
    };
    const { initial, add } = options;
    const aggregation = { initial, add: add as (aggregate: unknown, value: unknown) => unknown };
    const value = options.value as AnySerde;
    const common = { store, value, emit: this.#emit, isRepartitioned: isBehind };
    const operator = slidingAggregateOperator({ ...common, windows: this.#windows, aggregation });
    return windowResults(this.#place, this.#windows, store, value, operator);
  }

  /** How many records a key has in a window. */
  count(name: string, options: Pick<SlidingAggregateOptions<K, V, number>, 'key' | 'input'> = {}) {
    return this.aggregate<number>(name, { ...options, value: int64, initial: () => 0, add: (count) => count + 1 });
  }
}
