/**
 * Joins of two tables by a key of the right one that a function finds in rows of the left one (KIP-213), in four steps:
 *
 * 1. Where the left rows are: a row asks the partition of its foreign key, and withdraws what it asked before.
 * 2. There, with the right rows: who asks is remembered and answered.
 * 3. There: a right row that changes answers all who asked for it.
 * 4. Back at the left rows: an answer is joined with the row as it is now. One to a question that the row would not ask
 *    any more is dropped, since another is on its way.
 */
import type { AnyTopic } from '@millrace/client';
import { type PrefixedKey, prefixOf } from '../state/prefixed-key.ts';
import type { KeyValueDefinition } from '../state/store-definition.ts';
import { StateCodec } from '../state/value-codec.ts';
import type { Receiver } from '../task/cursor.ts';
import type { OperatorContext, OutgoingRecord } from '../task/operator-context.ts';
import type { AnySerde, Operator } from '../topology/node.ts';
import type { TableView } from './table-join.ts';
import { tellHorizon } from './tell-horizon.ts';

/** What the partition of a foreign key is told. */
export interface ForeignQuestion {
  /** Of the left row. */
  readonly key: unknown;
  /** Whether it wants answers from now on, or no more. */
  readonly isAsked: boolean;
}

/** What a left row is told. */
export interface ForeignAnswer {
  /** Undefined: the row has none, and asks nobody. */
  readonly foreignKey: unknown;
  /** The right row; undefined where there is none. */
  readonly right: unknown;
}

export interface ForeignJoin {
  readonly name: string;
  readonly keyOf: (value: unknown, key: unknown) => unknown;
  readonly join: (left: unknown, right: unknown) => unknown;
  /** Whether a left row goes on for which there is no right one. */
  readonly keepsUnmet: boolean;
  readonly leftKey: AnySerde;
  readonly foreignKey: AnySerde;
  /** The foreign key that each left row asks for. */
  readonly asked: KeyValueDefinition;
  /** Who asks, by foreign key and left key. */
  readonly askers: KeyValueDefinition;
  readonly results: KeyValueDefinition;
  readonly questions: AnyTopic;
  readonly answers: AnyTopic;
  readonly left: TableView;
  readonly right: TableView;
}

export function askOperator({ name, keyOf, foreignKey, asked, questions }: ForeignJoin): Operator {
  return {
    kind: 'foreign join',
    name,
    detail: questions.name,
    stores: [asked],
    connect: (context, [next]) => {
      const send = next as Receiver;
      const rows = context.store(asked);
      const codec = new StateCodec(name, foreignKey, foreignKey);
      const out = outgoing(questions);
      return (record) => {
        const { key } = record;
        const value = record.value ?? undefined;
        const before = rows.get(key);
        const wanted = value === undefined ? undefined : (keyOf(value, key) ?? undefined);
        rows.put(key, wanted);
        out.timestamp = record.timestamp;
        out.headers = tellHorizon(context, record);
        const tell = (to: unknown, isAsked: boolean): void => {
          out.key = to;
          out.value = { key, isAsked } satisfies ForeignQuestion;
          context.write(out);
        };
        const isSame = before !== undefined && wanted !== undefined && codec.idOf(before) === codec.idOf(wanted);
        if (before !== undefined && !isSame) tell(before, false);
        if (wanted !== undefined) return tell(wanted, true);
        record.send(send, { foreignKey: undefined, right: undefined } satisfies ForeignAnswer);
      };
    },
  };
}

export function answerOperator(join: ForeignJoin): Operator {
  const { name, askers, answers, right } = join;
  return {
    kind: 'foreign answers',
    name: `${name}-askers`,
    detail: answers.name,
    stores: [askers, ...right.stores],
    connect: (context) => {
      const rows = context.store(askers);
      const read = right.connect(context);
      const answer = answering(context, answers);
      return (record) => {
        const { key: foreignKey, timestamp } = record;
        const { key, isAsked } = record.value as ForeignQuestion;
        rows.put({ first: foreignKey, second: key } satisfies PrefixedKey, isAsked ? true : undefined);
        if (isAsked) answer(key, { foreignKey, right: read(foreignKey) }, timestamp);
      };
    },
  };
}

export function rightChangeOperator({ name, askers, answers, foreignKey: serde }: ForeignJoin): Operator {
  return {
    kind: 'foreign changes',
    name: `${name}-changes`,
    detail: answers.name,
    stores: [askers],
    connect: (context) => {
      const rows = context.store(askers);
      const answer = answering(context, answers);
      return (record) => {
        const { key: foreignKey, timestamp } = record;
        const right = record.value ?? undefined;
        for (const [key] of rows.withPrefix(prefixOf(serde, foreignKey))) {
          answer((key as PrefixedKey).second, { foreignKey, right }, timestamp);
        }
      };
    },
  };
}

export function resolveOperator({ name, keyOf, join, keepsUnmet, foreignKey, results, left }: ForeignJoin): Operator {
  return {
    kind: 'foreign results',
    name: `${name}-results`,
    stores: [results, ...left.stores],
    connect: (context, [next]) => {
      const send = next as Receiver;
      const rows = context.store(results);
      const read = left.connect(context);
      const codec = new StateCodec(name, foreignKey, foreignKey);
      const idOf = (key: unknown): unknown => (key === undefined || key === null ? undefined : codec.idOf(key));
      return (record) => {
        const { key } = record;
        const { foreignKey: answered, right } = record.value as ForeignAnswer;
        const value = read(key);
        const wanted = value === undefined ? undefined : keyOf(value, key);
        if (idOf(wanted) !== idOf(answered)) return;
        const isMet = value !== undefined && (right !== undefined || keepsUnmet);
        const result = isMet ? join(value, right) : undefined;
        if (result === undefined && rows.get(key) === undefined) return;
        rows.put(key, result);
        record.send(send, result);
      };
    },
  };
}

function answering(
  context: OperatorContext,
  topic: AnyTopic,
): (key: unknown, answer: ForeignAnswer, timestamp: number) => void {
  const out = outgoing(topic);
  return (key, answer, timestamp) => {
    out.key = key;
    out.value = answer;
    out.timestamp = timestamp;
    context.write(out);
  };
}

function outgoing(topic: AnyTopic): OutgoingRecord {
  return { topic, key: null, value: null, timestamp: 0, partition: undefined, headers: undefined };
}
