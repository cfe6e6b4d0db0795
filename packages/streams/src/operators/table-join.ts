/** Joins with tables: a record, or a change of a table, finds the newest value that a table has under its key. */
import type { StoreDefinition } from '../state/store-definition.ts';
import type { Receiver } from '../task/cursor.ts';
import type { OperatorContext } from '../task/operator-context.ts';
import type { Operator } from '../topology/node.ts';

/** How a table's newest values are read: out of a store, through what the table was made with on top of it. */
export interface TableView {
  readonly stores: readonly StoreDefinition[];
  /** Undefined: the table has nothing under this key. */
  connect(context: OperatorContext): (key: unknown) => unknown;
}

/** Each record with what the table has under its key now. */
export function streamTableJoinOperator(
  view: TableView,
  join: (value: unknown, found: unknown) => unknown,
  keepsUnmet: boolean,
): Operator {
  return {
    kind: keepsUnmet ? 'left join' : 'join',
    detail: view.stores.map(({ name }) => name).join(', '),
    stores: view.stores,
    connect: (context, [next]) => {
      const send = next as Receiver;
      const read = view.connect(context);
      return (record) => {
        const found = read(record.key);
        if (found === undefined && !keepsUnmet) return;
        record.send(send, join(record.value, found));
      };
    },
  };
}

export interface TableJoin {
  readonly needsLeft: boolean;
  readonly needsRight: boolean;
  readonly join: (left: unknown, right: unknown) => unknown;
}

/** What the join of two values is; undefined where one is missing that must be there. */
export function joined({ needsLeft, needsRight, join }: TableJoin, left: unknown, right: unknown): unknown {
  if (left === undefined && (needsLeft || right === undefined)) return undefined;
  if (right === undefined && needsRight) return undefined;
  return join(left, right);
}

/** A change of one table, joined with what the other has. */
export function tableJoinOperator(other: TableView, ownIsLeft: boolean, how: TableJoin): Operator {
  return {
    kind: 'table join',
    detail: other.stores.map(({ name }) => name).join(', '),
    stores: other.stores,
    connect: (context, [next]) => {
      const send = next as Receiver;
      const read = other.connect(context);
      return (record) => {
        const value = record.value ?? undefined;
        const found = read(record.key);
        record.send(send, ownIsLeft ? joined(how, value, found) : joined(how, found, value));
      };
    },
  };
}

/** Changes of a table through a function of its values. */
export function tableMapOperator(kind: string, map: (value: unknown, key: unknown) => unknown): Operator {
  return {
    kind,
    connect: (_, [next]) => {
      const send = next as Receiver;
      return (record) => {
        const { value } = record;
        record.send(send, value === undefined || value === null ? undefined : map(value, record.key));
      };
    },
  };
}
