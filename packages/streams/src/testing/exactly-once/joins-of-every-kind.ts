/**
 * Joins of every kind over two topics, in one task for each partition: what two streams, a stream and a table, and two
 * tables make of the same records, which lists of the records can tell exactly, however often the job was killed, moved
 * and restored.
 */
import { json, nullable, text, topic } from '@millrace/client';
import type { Stream } from '../../topology/stream.ts';
import type { Table } from '../../topology/table.ts';
import { type Topology, topology } from '../../topology/topology.ts';
import {
  type JoinedRecord,
  type JoinKind,
  type JoinReach,
  type JoinStep,
  type Pair,
  recomputedLookUps,
  recomputedStreamJoin,
  recomputedTableJoin,
  takenByTime,
} from './recomputed-joins.ts';

export interface JoinedTopics {
  /** Numbers by key and time; the keys of two partitions are not the same. */
  readonly left: string;
  readonly right: string;
  /** Results, by the kind of the join and the key. */
  readonly joined: string;
}

const reach: JoinReach = { beforeMs: 15, afterMs: 25, graceMs: 20 };

/** How long after a record one that meets it, or is not late, may have its time. */
export const joinedForMs = reach.beforeMs + reach.afterMs + reach.graceMs;

const kinds: readonly JoinKind[] = ['join', 'leftJoin', 'outerJoin'];
const lookUpKinds = ['join', 'leftJoin'] as const;

/** Some records delete the row of their key. */
function rowOf(value: number): number | null {
  return value % 5 === 0 ? null : value;
}

function pairOf(left: number | undefined, right: number | undefined): Pair {
  return [left ?? null, right ?? null];
}

/** Results have `pairTopic`'s key and value. */
export function joinsOfEveryKind(name: string, topics: JoinedTopics): Topology {
  const made = topology(name);
  const numbers = json<number>();
  const left = made.source(topic(topics.left, { key: text, value: numbers }));
  const right = made.source(topic(topics.right, { key: text, value: numbers }));
  const leftRows = left.map(rowOf).toTable('left-rows', { value: numbers });
  const rightRows = right.map(rowOf).toTable('right-rows', { value: numbers });
  const { graceMs, ...within } = reach;
  const options = (kind: JoinKind) => ({ name: `streams-${kind}`, within, graceMs, with: pairOf });
  const streams: Record<string, Stream<string, Pair>> = {
    'streams join': left.join(right, options('join')),
    'streams leftJoin': left.leftJoin(right, options('leftJoin')),
    'streams outerJoin': left.outerJoin(right, options('outerJoin')),
    'look-ups join': left.join(rightRows, pairOf),
    'look-ups leftJoin': left.leftJoin(rightRows, pairOf),
  };
  const tables: Record<string, Table<string, Pair>> = {
    'tables join': leftRows.join(rightRows, pairOf),
    'tables leftJoin': leftRows.leftJoin(rightRows, pairOf),
    'tables outerJoin': leftRows.outerJoin(rightRows, pairOf),
  };
  const target = pairTopic(topics.joined);
  for (const [kind, results] of Object.entries(streams)) {
    results.to(target, { key: (_, { key }) => `${kind} ${key}` });
  }
  for (const [kind, results] of Object.entries(tables)) {
    results.to(target, { key: (_, { key }) => `${kind} ${key}` });
  }
  return made;
}

/** The topic of results as readers take it: pairs, null for a row that is gone. */
export function pairTopic(name: string) {
  return topic(name, { key: text, value: nullable(json<Pair>()) });
}

/** What the joins of a partition come to, of its records as they lie there, and how many records are late. */
export function recomputedJoins(left: readonly JoinedRecord[], right: readonly JoinedRecord[]) {
  const records = takenByTime(left, right);
  const rows = records.map((each): JoinedRecord => ({ ...each, value: rowOf(each.value as number) }));
  const results: string[] = [];
  const add = (name: string, steps: readonly JoinStep[]): void => {
    for (const { outputs } of steps) results.push(...outputs.map((output) => `${name} ${output}`));
  };
  for (const kind of kinds) {
    add(`streams ${kind}`, recomputedStreamJoin(kind, records, reach));
    add(`tables ${kind}`, recomputedTableJoin(kind, rows));
  }
  const looked = records.map((each, at) => (each.isLeft ? each : (rows[at] as JoinedRecord)));
  for (const kind of lookUpKinds) add(`look-ups ${kind}`, recomputedLookUps(kind, looked));
  const lateCount = recomputedStreamJoin('join', records, reach).filter(({ isLate }) => isLate).length;
  return { results, lateCount };
}
