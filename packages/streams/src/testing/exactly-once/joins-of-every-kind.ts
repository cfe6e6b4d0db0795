/**
 * Joins of every kind over two topics, in one task for each partition: what two streams, a stream and a table, and two
 * tables make of the same records, which lists of the records can tell exactly, however often the job was killed, moved
 * and restored.
 *
 * Some records, and some results of records that nobody met, make a function throw once they have had effects: nothing
 * is to be left of these, and all others are to be as they would be without them.
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

function isBadRecord({ isLeft, value }: Pick<JoinedRecord, 'isLeft' | 'value'>): boolean {
  return isLeft && (value as number) % 23 === 7;
}

function isBadPair(value: number): boolean {
  return value % 7 === 3;
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
  // What throws comes last, so that all others have had their effects.
  for (const kind of ['streams leftJoin', 'streams outerJoin'] as const) {
    (streams[kind] as Stream<string, Pair>).peek(([one, other]) => {
      if (one !== null && other === null && isBadPair(one)) throw new Error(`nobody met ${one}`);
    });
  }
  left.peek((value) => {
    if (isBadRecord({ isLeft: true, value })) throw new Error(`${value} is bad`);
  });
  return made;
}

/** The topic of results as readers take it: pairs, null for a row that is gone. */
export function pairTopic(name: string) {
  return topic(name, { key: text, value: nullable(json<Pair>()) });
}

/** What the joins of a partition come to. */
export interface JoinResults {
  readonly results: readonly string[];
  /** What is set aside: the record's topic or the store of the result, its key and its value. */
  readonly setAside: readonly string[];
  readonly lateCount: number;
}

/** Takes the records of a partition as they lie there. */
export function recomputedJoins(left: readonly JoinedRecord[], right: readonly JoinedRecord[]): JoinResults {
  const taken = takenByTime(left, right);
  const setAside = taken.filter(isBadRecord).map(({ key, value }) => `left ${key} ${value}`);
  const records = taken.filter((record) => !isBadRecord(record));
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
  const sent = results.filter((result) => {
    const [, kind, key, value] = /^streams (\w+) (\S+) \[(\d+),null\]/.exec(result) ?? [];
    if (!isBadPair(Number(value))) return true;
    setAside.push(`streams-${kind}-left ${key} ${value}`);
    return false;
  });
  return { results: sent, setAside, lateCount };
}
