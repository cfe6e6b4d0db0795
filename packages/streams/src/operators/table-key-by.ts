/**
 * A table's changes under another key: where a row's value changes, the group that had the old one is told to take it
 * out, and the group that gets the new one to put it in. The operator keeps each row as it last went on, since what
 * reaches it is the new value alone.
 */
import type { AnyTopic } from '@millrace/client';
import type { KeyValueDefinition } from '../state/store-definition.ts';
import { StateCodec } from '../state/value-codec.ts';
import type { OutgoingRecord } from '../task/operator-context.ts';
import type { AnySerde, Operator } from '../topology/node.ts';
import { tellHorizon } from './tell-horizon.ts';

/** What a group is told: a value that is no longer in it, one that is, or that one took the other's place. */
export interface TableChange<V> {
  readonly removed: V | undefined;
  readonly added: V | undefined;
}

export interface TableKeyBy {
  readonly name: string;
  /** The rows as they last went on. */
  readonly store: KeyValueDefinition;
  /** Of the groups' keys and `TableChange`s. */
  readonly topic: AnyTopic;
  /** Null or undefined: the row is in no group. */
  readonly keyOf: (value: unknown, key: unknown) => unknown;
}

export function tableKeyByOperator({ name, store, topic, keyOf }: TableKeyBy): Operator {
  return {
    kind: 'keyBy',
    name,
    detail: topic.name,
    stores: [store],
    connect: (context) => {
      const rows = context.store(store);
      const groups = new StateCodec(name, topic.key as AnySerde, topic.value as AnySerde);
      const out: OutgoingRecord = {
        topic,
        key: null,
        value: null,
        timestamp: 0,
        partition: undefined,
        headers: undefined,
      };
      const tell = (group: unknown, removed: unknown, added: unknown): void => {
        out.key = group;
        out.value = { removed, added } satisfies TableChange<unknown>;
        context.write(out);
      };
      return (record) => {
        const { key } = record;
        const added = record.value ?? undefined;
        const removed = rows.get(key);
        rows.put(key, added);
        const from = removed === undefined ? undefined : (keyOf(removed, key) ?? undefined);
        const to = added === undefined ? undefined : (keyOf(added, key) ?? undefined);
        out.timestamp = record.timestamp;
        out.headers = tellHorizon(context, record);
        if (from !== undefined && to !== undefined && groups.idOf(from) === groups.idOf(to)) {
          return tell(to, removed, added);
        }
        if (from !== undefined) tell(from, removed, undefined);
        if (to !== undefined) tell(to, undefined, added);
      };
    },
  };
}
