/**
 * A stream of records in a topology: each record by itself. Its methods add operators behind it and answer what comes
 * out of them; the stream itself can be used again, and then both get each record.
 *
 * Functions are called with the value and the record (key, timestamp, ...), which is valid during the call alone. They
 * must answer the same for the same input, and leave the value as it is. Keys stay until `keyBy`, which moves records
 * to the partition of their new key through a topic.
 */
import { type AnyTopic, int64, type Serde } from '@millrace/client';
import { TopologyError } from '../errors.ts';
import type { Emit } from '../operators/aggregate.ts';
import { aggregateOperator, tableOperator } from '../operators/aggregate.ts';
import { type ProcessorOptions, processOperator } from '../operators/process.ts';
import {
  branchOperator,
  filterOperator,
  flatMapOperator,
  mapOperator,
  passOperator,
  peekOperator,
  sinkOperator,
} from '../operators/stateless.ts';
import { streamTableJoinOperator } from '../operators/table-join.ts';
import type { KeyValueDefinition } from '../state/store-definition.ts';
import type { RecordFacts } from '../task/cursor.ts';
import type { AnySerde, Node, NodeOptions, Operator } from './node.ts';
import { needSerde, type Place } from './shape.ts';
import { SlidingStream } from './sliding-stream.ts';
import { joinedPlace } from './stream-join-place.ts';
import type { AggregateOptions, Branches, JoinOptions, SinkOptionsOf, Tests } from './stream-options.ts';
import { Table } from './table.ts';
import { WindowedStream } from './windowed-stream.ts';
import type { SessionWindows, SlidingWindows, TimeWindows, Windows } from './windows.ts';

// biome-ignore lint/suspicious/noExplicitAny: functions of any key and value go into the untyped graph
type Any = any;

export class Stream<K, V> {
  readonly #place: Place;

  /** Not for callers: streams come from a topology's sources. */
  constructor(place: Place) {
    this.#place = place;
  }

  /** For `Table` and `WindowedStream`. */
  get place(): Place {
    return this.#place;
  }

  filter<W extends V>(test: (value: V, record: RecordFacts<K>) => value is W): Stream<K, W>;
  filter(test: (value: V, record: RecordFacts<K>) => boolean): Stream<K, V>;
  filter(test: (value: V, record: RecordFacts<K>) => boolean): Stream<K, V> {
    return this.#then(filterOperator(test as Any), { keepsValue: true });
  }

  map<W>(map: (value: V, record: RecordFacts<K>) => W): Stream<K, W> {
    return this.#then(mapOperator(map as Any));
  }

  flatMap<W>(map: (value: V, record: RecordFacts<K>) => Iterable<W>): Stream<K, W> {
    return this.#then(flatMapOperator(map as Any));
  }

  /** Looks at each record as it passes. */
  peek(look: (value: V, record: RecordFacts<K>) => void): Stream<K, V> {
    return this.#then(peekOperator(look as Any), { keepsValue: true });
  }

  /** A stream for each test, with the records that pass it and none before it. */
  branch<const T extends Tests<K, V>>(tests: T): Branches<K, V, T> {
    const names = Object.keys(tests);
    const node = this.#add(branchOperator(names, Object.values(tests) as Any));
    const branches = names.map((name, port) => [name, new Stream({ ...this.#place, edge: { node, port } })] as const);
    return Object.fromEntries(branches) as Branches<K, V, T>;
  }

  /** The records of all of them. */
  merge<W = V>(...others: readonly Stream<K, W>[]): Stream<K, V | W> {
    const places = [this.#place, ...others.map(({ place }) => place)];
    this.#checkSameTopology(places);
    const node = this.#place.blueprint.graph.add(
      passOperator('merge'),
      places.map(({ edge }) => edge),
    );
    const same = (serdes: readonly (AnySerde | undefined)[]): AnySerde | undefined =>
      serdes.every((each) => each === serdes[0]) ? serdes[0] : undefined;
    return new Stream({
      ...this.#place,
      edge: { node, port: 0 },
      keySerde: same(places.map(({ keySerde }) => keySerde)),
      valueSerde: same(places.map(({ valueSerde }) => valueSerde)),
      origins: [...new Set(places.flatMap(({ origins }) => origins))],
    });
  }

  /**
   * The same records under other keys, in the partitions of these: they go through the topic
   * `millrace.repartition.<job>.<name>`. Null is no key for what is stateful further down.
   */
  keyBy<L>(
    name: string,
    keyOf: (value: V, record: RecordFacts<K>) => L,
    options: {
      readonly key: Serde<L>;
      /** The serde of values, where a function has changed them. */
      readonly value?: Serde<V> | undefined;
      /** Partitions of the topic. Default: as many as the widest source above has, or what it is joined with. */
      readonly partitions?: number | undefined;
    },
  ): Stream<L, V> {
    const { blueprint, edge, keySerde, valueSerde } = this.#place;
    blueprint.claim('keyBy', name);
    const value = needSerde('value', options.value as AnySerde | undefined, valueSerde, `keyBy '${name}'`);
    const topic = { name: `millrace.repartition.${blueprint.name}.${name}`, key: options.key, value } as AnyTopic;
    const repartition = { name, partitions: options.partitions };
    const source = { kind: 'source' as const, topic, repartition, timestampOf: undefined };
    const reader = blueprint.graph.add(source, []);
    const sink = {
      topic,
      kind: 'keyBy' as const,
      name,
      keyOf: keyOf as Any,
      inputKey: keySerde,
      inputValue: valueSerde,
    };
    blueprint.graph.add(sinkOperator(sink), [edge], { writesTo: reader });
    return new Stream({
      blueprint,
      edge: { node: reader, port: 0 },
      keySerde: options.key as AnySerde,
      valueSerde: value,
      origins: [reader],
    });
  }

  /** One value of all records of a key. */
  aggregate<A>(name: string, options: AggregateOptions<K, V, A>): Table<K, A> {
    const { keySerde, blueprint } = this.#place;
    blueprint.claim('aggregate', name);
    const key = needSerde('key', options.key as AnySerde | undefined, keySerde, `aggregate '${name}'`);
    const store: KeyValueDefinition = { kind: 'key-value', name, key, value: options.value as AnySerde };
    const { initial, add, emit = 'change' } = options;
    const operator = aggregateOperator(store, { initial, add: add as Any }, emit);
    return Table.stored(this.#placeAfter(operator, store.value, this.#alike()), store);
  }

  /** The newest of a key's values, as `reduce` makes them of the one before and the next. */
  reduce(
    name: string,
    reduce: (left: V, right: V) => V,
    options: { readonly key?: Serde<K>; readonly value?: Serde<V>; readonly emit?: 'change' | 'commit' } = {},
  ): Table<K, V> {
    const value = needSerde('value', options.value as AnySerde | undefined, this.#place.valueSerde, `reduce '${name}'`);
    return this.aggregate<V>(name, {
      key: options.key,
      value: value as Serde<V>,
      emit: options.emit,
      initial: () => undefined as V,
      add: (left, right) => (left === undefined ? right : reduce(left, right)),
    });
  }

  /** How many records a key has. */
  count(
    name: string,
    options: { readonly key?: Serde<K>; readonly emit?: 'change' | 'commit' } = {},
  ): Table<K, number> {
    return this.aggregate(name, { ...options, value: int64, initial: () => 0, add: (count) => count + 1 });
  }

  /** The newest value of each key; null deletes. */
  toTable(
    name: string,
    options: { readonly key?: Serde<K>; readonly value?: Serde<NonNullable<V>> } = {},
  ): Table<K, NonNullable<V>> {
    const { keySerde, valueSerde, blueprint } = this.#place;
    blueprint.claim('table', name);
    const key = needSerde('key', options.key as AnySerde | undefined, keySerde, `table '${name}'`);
    const value = needSerde('value', options.value as AnySerde | undefined, valueSerde, `table '${name}'`);
    const store: KeyValueDefinition = { kind: 'key-value', name, key, value };
    return Table.stored(this.#placeAfter(tableOperator(store), value, this.#alike()), store);
  }

  /** What follows is done by window. `emit`: see `WindowedStream`. */
  windowedBy(windows: TimeWindows, options?: { readonly emit?: Emit | undefined }): WindowedStream<K, V, TimeWindows>;
  windowedBy(
    windows: SessionWindows,
    options?: { readonly emit?: 'change' | 'close' | undefined },
  ): WindowedStream<K, V, SessionWindows>;
  windowedBy(
    windows: SlidingWindows,
    options?: { readonly emit?: 'change' | 'close' | undefined },
  ): SlidingStream<K, V>;
  windowedBy(windows: Windows, options: { readonly emit?: Emit | undefined } = {}): Any {
    const emit = options.emit ?? 'change';
    if (windows.kind === 'sliding') return new SlidingStream(this.#place, windows, emit as 'change' | 'close');
    return new WindowedStream<K, V, Any>(this.#place, windows, emit);
  }

  /** Pairs with records of another stream that have the same key and a time nearby. */
  join<W, R>(other: Stream<K, W>, options: JoinOptions<V, W, R>): Stream<K, R>;
  /** Each record with what a table has under its key; records for which it has nothing are dropped. */
  join<W, R>(table: Table<K, W>, join: (value: V, found: W) => R): Stream<K, R>;
  join(other: Stream<K, Any> | Table<K, Any>, how: JoinOptions<V, Any, Any> | ((value: V, found: Any) => Any)): Any {
    if (other instanceof Table) return this.#joinTable(other, how as Any, false);
    return this.#joinStream(other, how as JoinOptions<V, Any, Any>, false, false);
  }

  /** Likewise; records that meet nobody go on too, with undefined in the other's place. */
  leftJoin<W, R>(other: Stream<K, W>, options: JoinOptions<V, W | undefined, R>): Stream<K, R>;
  leftJoin<W, R>(table: Table<K, W>, join: (value: V, found: W | undefined) => R): Stream<K, R>;
  leftJoin(
    other: Stream<K, Any> | Table<K, Any>,
    how: JoinOptions<V, Any, Any> | ((value: V, found: Any) => Any),
  ): Any {
    if (other instanceof Table) return this.#joinTable(other, how as Any, true);
    return this.#joinStream(other, how as JoinOptions<V, Any, Any>, true, false);
  }

  /** Likewise for both sides. */
  outerJoin<W, R>(other: Stream<K, W>, options: JoinOptions<V | undefined, W | undefined, R>): Stream<K, R> {
    return this.#joinStream(other, options as Any, true, true);
  }

  /** Work of one's own, record by record, with stores and timers: what the other operators are made of. */
  process<L, W>(options: ProcessorOptions<K, V, L, W>): Stream<L, W> {
    const { blueprint } = this.#place;
    blueprint.claim('processor', options.name);
    for (const { name } of options.stores ?? []) if (name !== options.name) blueprint.claim('store', name);
    const node = this.#add(processOperator(options as Any), options.stores === undefined ? undefined : this.#alike());
    const { key, value } = options;
    return new Stream({
      ...this.#place,
      edge: { node, port: 0 },
      keySerde: (key as AnySerde | undefined) ?? this.#place.keySerde,
      valueSerde: value as AnySerde | undefined,
    });
  }

  /** Writes the records to a topic. */
  to<L = K>(
    topic: { readonly name: string; readonly key: Serde<Any, L>; readonly value: Serde<Any, V> },
    options: SinkOptionsOf<K, V, L> = {},
  ): void {
    const { keySerde: inputKey, valueSerde: inputValue } = this.#place;
    const { key: keyOf, headers: headersOf } = options as { readonly key?: Any; readonly headers?: Any };
    this.#add(sinkOperator({ topic: topic as AnyTopic, kind: 'to', keyOf, headersOf, inputKey, inputValue }));
  }

  #joinTable(table: Table<K, Any>, join: (value: Any, found: Any) => Any, keepsUnmet: boolean): Stream<K, Any> {
    this.#checkSameTopology([this.#place, table.place]);
    const copartitioned = [...this.#place.origins, ...table.place.origins];
    const operator = streamTableJoinOperator(table.view, join, keepsUnmet);
    return new Stream(this.#placeAfter(operator, undefined, { copartitioned }));
  }

  #joinStream(
    other: Stream<K, Any>,
    options: JoinOptions<Any, Any, Any>,
    keepsLeft: boolean,
    keepsRight: boolean,
  ): Any {
    const places = [this.#place, other.place] as const;
    this.#checkSameTopology(places);
    return new Stream(joinedPlace(places, options, keepsLeft, keepsRight));
  }

  #then<W>(operator: Operator, { keepsValue = false } = {}): Stream<K, W> {
    return new Stream(this.#placeAfter(operator, keepsValue ? this.#place.valueSerde : undefined));
  }

  #placeAfter(operator: Operator, valueSerde: AnySerde | undefined, options?: NodeOptions): Place {
    return { ...this.#place, edge: { node: this.#add(operator, options), port: 0 }, valueSerde };
  }

  /** What is kept by key needs all of a key's records in one partition, also where streams were merged. */
  #alike(): NodeOptions {
    return { copartitioned: this.#place.origins };
  }

  #add(operator: Operator, options?: NodeOptions): Node {
    return this.#place.blueprint.graph.add(operator, [this.#place.edge], options);
  }

  #checkSameTopology(places: readonly Place[]): void {
    const other = places.find(({ blueprint }) => blueprint !== this.#place.blueprint);
    if (other === undefined) return;
    throw new TopologyError(
      `topologies '${this.#place.blueprint.name}' and '${other.blueprint.name}' can't share streams; write to a ` +
        'topic in one and read it in the other',
    );
  }
}
