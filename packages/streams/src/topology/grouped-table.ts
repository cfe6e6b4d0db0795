/** The rows of a table in groups by another key: one value of all rows that are in a group now. */
import { int64, type Serde } from '@millrace/client';
import type { TableChange } from '../operators/table-key-by.ts';
import type { Stream } from './stream.ts';
import type { Table } from './table.ts';

export interface GroupAggregateOptions<V, A> {
  /** The serde of the aggregate. */
  readonly value: Serde<A>;
  readonly initial: () => A;
  /** The aggregate with one more row, as that of `Stream.aggregate`. Null deletes it. */
  readonly add: (aggregate: A, value: V) => A | null;
  /** The aggregate without a row that it has; where a row changes, this comes before `add`. Null deletes it. */
  readonly subtract: (aggregate: A, value: V) => A | null;
  /** As that of `Stream.aggregate`. */
  readonly emit?: 'change' | 'commit' | undefined;
}

export class GroupedTable<L, V> {
  readonly #changes: Stream<L, TableChange<V>>;

  /** Not for callers: `Table.keyBy` makes it. */
  constructor(changes: Stream<L, TableChange<V>>) {
    this.#changes = changes;
  }

  /** One value of all rows of a group. */
  aggregate<A>(name: string, options: GroupAggregateOptions<V, A>): Table<L, A> {
    const { value, initial, add, subtract, emit } = options;
    return this.#changes.aggregate<A>(name, {
      value,
      initial,
      emit,
      add: (aggregate, { removed, added }) => {
        const left = removed === undefined ? aggregate : subtract(aggregate, removed);
        return added === undefined ? left : add(left ?? initial(), added);
      },
    });
  }

  /** How many rows a group has; a group without rows is gone. */
  count(name: string, options: { readonly emit?: 'change' | 'commit' | undefined } = {}): Table<L, number> {
    return this.aggregate(name, {
      ...options,
      value: int64,
      initial: () => 0,
      add: (count) => count + 1,
      subtract: (count) => (count > 1 ? count - 1 : null),
    });
  }
}
