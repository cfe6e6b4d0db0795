/**
 * A table in a topology: the newest value of each key. What goes on from it are its changes, undefined where a key's
 * value is gone. Functions are called with the value and the key; they must answer the same for the same input.
 */
import type { AnyTopic, Serde } from '@millrace/client';
import { TopologyError } from '../errors.ts';
import { filterOperator, passOperator, sinkOperator } from '../operators/stateless.ts';
import { suppressOperator } from '../operators/suppress.ts';
import {
  joined,
  type TableJoin,
  type TableView,
  tableJoinOperator,
  tableMapOperator,
} from '../operators/table-join.ts';
import { tableKeyByOperator } from '../operators/table-key-by.ts';
import { heldChangeSerde, tableChangeSerde } from '../state/row-serdes.ts';
import type { KeyValueDefinition, WindowDefinition } from '../state/store-definition.ts';
import type { RecordFacts } from '../task/cursor.ts';
import { type ForeignJoinOptions, foreignJoinPlace } from './foreign-join-place.ts';
import { GroupedTable } from './grouped-table.ts';
import type { AnySerde, Operator } from './node.ts';
import { needSerde, type Place } from './shape.ts';
import { Stream } from './stream.ts';
import { checkTime } from './windows.ts';

// biome-ignore lint/suspicious/noExplicitAny: functions of any key and value go into the untyped graph
type Any = any;

export class Table<K, V> {
  readonly place: Place;
  readonly view: TableView;

  /** Not for callers: tables come from streams. */
  constructor(place: Place, view: TableView) {
    this.place = place;
    this.view = view;
  }

  /** A table that a store has as it is. */
  static stored<K, V>(place: Place, store: KeyValueDefinition): Table<K, V> {
    return new Table(place, {
      stores: [store],
      connect: (context) => {
        const rows = context.store(store);
        return (key) => rows.get(key);
      },
    });
  }

  filter<W extends V>(test: (value: V, key: K) => value is W): Table<K, W>;
  filter(test: (value: V, key: K) => boolean): Table<K, V>;
  filter(test: (value: V, key: K) => boolean): Table<K, V> {
    const map = (value: V, key: K): V | undefined => (test(value, key) ? value : undefined);
    return this.#through('filter', map, this.place.valueSerde);
  }

  map<W>(map: (value: V, key: K) => W): Table<K, W> {
    return this.#through('map', map, undefined);
  }

  /** The values that keys get; that a key's value is gone is left out. */
  toStream(): Stream<K, V> {
    return this.#stream(filterOperator((value) => value !== undefined && value !== null));
  }

  /** All changes, null where a key's value is gone. */
  changes(): Stream<K, V | null> {
    return this.#stream({
      kind: 'changes',
      connect: (_, [next]) => {
        return (record) => {
          if (record.value === undefined) record.value = null;
          next?.(record);
        };
      },
    });
  }

  /**
   * Likewise, but of each key the newest alone: `forMs` of stream time after the first change that was held back. What
   * is held back is kept in the store `name`.
   */
  suppress(
    name: string,
    { forMs, value: given }: { readonly forMs: number; readonly value?: Serde<V> | undefined },
  ): Stream<K, V | null> {
    const { blueprint, keySerde, valueSerde } = this.place;
    blueprint.claim('suppress', name);
    checkTime('forMs', forMs, 1);
    const value = needSerde('value', given as AnySerde | undefined, valueSerde, `suppress '${name}'`);
    const store: WindowDefinition = {
      ...{ kind: 'window', name, key: needSerde('key', undefined, keySerde, `suppress '${name}'`) },
      ...{ value: heldChangeSerde(value), retentionMs: forMs + 1, bucketMs: forMs, form: 'held' },
    };
    return new Stream({ ...this.#after(suppressOperator(store, value, forMs)), valueSerde: value });
  }

  /**
   * The rows in groups by another key, in the partitions of these: they go through the topic
   * `millrace.repartition.<job>.<name>`, and the rows as they last went on are kept in the store `name`. A row whose
   * key is null is in no group.
   */
  keyBy<L>(
    name: string,
    keyOf: (value: V, key: K) => L | null | undefined,
    options: {
      readonly key: Serde<L>;
      /** The serde of rows, where it is not known from above. */
      readonly value?: Serde<V> | undefined;
      /** As that of `Stream.keyBy`. */
      readonly partitions?: number | undefined;
    },
  ): GroupedTable<L, V> {
    const { blueprint, edge, keySerde, valueSerde, origins } = this.place;
    blueprint.claim('keyBy', name);
    const key = needSerde('key', undefined, keySerde, `keyBy '${name}'`);
    const value = needSerde('value', options.value as AnySerde | undefined, valueSerde, `keyBy '${name}'`);
    const change = tableChangeSerde(value);
    const topic = {
      name: `millrace.repartition.${blueprint.name}.${name}`,
      key: options.key,
      value: change,
    } as AnyTopic;
    const repartition = { name, partitions: options.partitions };
    const reader = blueprint.graph.add({ kind: 'source', topic, repartition, timestampOf: undefined }, []);
    const store: KeyValueDefinition = { kind: 'key-value', name, key, value };
    const operator = tableKeyByOperator({ name, store, topic, keyOf: keyOf as Any });
    blueprint.graph.add(operator, [edge], { writesTo: reader, copartitioned: origins });
    const place = { blueprint, edge: { node: reader, port: 0 }, origins: [reader] };
    return new GroupedTable(new Stream({ ...place, keySerde: options.key as AnySerde, valueSerde: change }));
  }

  /** Writes all changes to a topic, tombstones where a key's value is gone. */
  to<L = K>(
    topic: { readonly name: string; readonly key: Serde<Any, L>; readonly value: Serde<Any, V> },
    options: { readonly key?: ((value: V | undefined, record: RecordFacts<K>) => L) | undefined } = {},
  ): void {
    const { keySerde: inputKey, valueSerde: inputValue, blueprint, edge } = this.place;
    const keyOf = options.key as Any;
    blueprint.graph.add(sinkOperator({ topic: topic as AnyTopic, kind: 'to', keyOf, inputKey, inputValue }), [edge]);
  }

  /** For each key that both tables have, what `join` makes of the two values. */
  join<W, R>(other: Table<K, W>, join: (left: V, right: W) => R): Table<K, R> {
    return this.#join(other, { needsLeft: true, needsRight: true, join: join as Any });
  }

  /** For each key that this table has. */
  leftJoin<W, R>(other: Table<K, W>, join: (left: V, right: W | undefined) => R): Table<K, R> {
    return this.#join(other, { needsLeft: true, needsRight: false, join: join as Any });
  }

  /**
   * For each row for which the other table has a row under the key that `keyOf` finds in this one's; null is none. Rows
   * meet through the topics `millrace.repartition.<job>.<name>-questions` and `-answers`, so that a result is there
   * some commits later. Results are kept in the store `<name>-results`.
   */
  joinBy<L, W, R>(
    name: string,
    other: Table<L, W>,
    keyOf: (value: V, key: K) => L | null | undefined,
    join: (left: V, right: W) => R,
    options: ForeignJoinOptions<R>,
  ): Table<K, R> {
    return this.#joinBy(name, other, { keyOf: keyOf as Any, join: join as Any, keepsUnmet: false }, options);
  }

  /** Likewise for each row, with undefined where the other table has nothing. */
  leftJoinBy<L, W, R>(
    name: string,
    other: Table<L, W>,
    keyOf: (value: V, key: K) => L | null | undefined,
    join: (left: V, right: W | undefined) => R,
    options: ForeignJoinOptions<R>,
  ): Table<K, R> {
    return this.#joinBy(name, other, { keyOf: keyOf as Any, join: join as Any, keepsUnmet: true }, options);
  }

  /** For each key that either table has. */
  outerJoin<W, R>(other: Table<K, W>, join: (left: V | undefined, right: W | undefined) => R): Table<K, R> {
    return this.#join(other, { needsLeft: false, needsRight: false, join: join as Any });
  }

  #join<R>(other: Table<K, Any>, how: TableJoin): Table<K, R> {
    const { blueprint } = this.place;
    this.#checkSameTopology(other);
    const copartitioned = [...this.place.origins, ...other.place.origins];
    const add = (operator: Operator, place: Place) => ({
      node: blueprint.graph.add(operator, [place.edge], { copartitioned }),
      port: 0,
    });
    const parents = [
      add(tableJoinOperator(other.view, true, how), this.place),
      add(tableJoinOperator(this.view, false, how), other.place),
    ];
    const node = blueprint.graph.add(passOperator('joined'), parents);
    const [left, right] = [this.view, other.view];
    const view: TableView = {
      stores: [...left.stores, ...right.stores],
      connect: (context) => {
        const [readLeft, readRight] = [left.connect(context), right.connect(context)];
        return (key) => joined(how, readLeft(key), readRight(key));
      },
    };
    const origins = [...new Set(copartitioned)];
    return new Table({ ...this.place, edge: { node, port: 0 }, valueSerde: undefined, origins }, view);
  }

  #joinBy<R>(
    name: string,
    other: Table<Any, Any>,
    functions: Parameters<typeof foreignJoinPlace>[3],
    { value }: ForeignJoinOptions<R>,
  ): Table<K, R> {
    this.#checkSameTopology(other);
    const { place, store } = foreignJoinPlace(this, other, name, functions, value as AnySerde);
    return Table.stored(place, store);
  }

  #checkSameTopology({ place: { blueprint } }: Table<Any, Any>): void {
    if (blueprint === this.place.blueprint) return;
    throw new TopologyError(
      `a table of topology '${blueprint.name}' can't be joined in '${this.place.blueprint.name}'`,
    );
  }

  #through<W>(kind: string, map: (value: V, key: K) => W | undefined, valueSerde: AnySerde | undefined): Table<K, W> {
    const { stores, connect } = this.view;
    const view: TableView = {
      stores,
      connect: (context) => {
        const read = connect(context);
        return (key) => {
          const value = read(key);
          return value === undefined ? undefined : map(value as V, key as K);
        };
      },
    };
    return new Table({ ...this.#after(tableMapOperator(kind, map as Any)), valueSerde }, view);
  }

  #stream<W>(operator: Operator): Stream<K, W> {
    return new Stream(this.#after(operator));
  }

  #after(operator: Operator): Place {
    const node = this.place.blueprint.graph.add(operator, [this.place.edge]);
    return { ...this.place, edge: { node, port: 0 } };
  }
}
