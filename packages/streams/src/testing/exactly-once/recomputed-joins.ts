/**
 * Joins computed from lists of all records: of two streams, of a stream with a table, of two tables. Each answers what
 * every record makes go on, in the order in which a task takes the records.
 */

/** A record of one of the two sides. Null deletes a row of a table. */
export interface JoinedRecord {
  readonly isLeft: boolean;
  readonly key: string;
  readonly value: number | null;
  /** Event time in ms. */
  readonly time: number;
}

/** What one of each side come to, null for one that is missing. */
export type Pair = readonly [number | null, number | null];

export type JoinKind = 'join' | 'leftJoin' | 'outerJoin';

export interface JoinReach {
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly graceMs: number;
}

/** What goes on because of a record: `key pair @time`, in no particular order where they are several. */
export interface JoinStep {
  readonly outputs: readonly string[];
  readonly isLate: boolean;
}

/**
 * The records of two partitions in the order in which one task takes them: the earliest first, and of two at the same
 * time the left one. A task never goes on without the other side; what is left behind the last such record is left out.
 */
export function takenByTime(left: readonly JoinedRecord[], right: readonly JoinedRecord[]): JoinedRecord[] {
  const taken: JoinedRecord[] = [];
  let [leftAt, rightAt] = [0, 0];
  for (;;) {
    const [one, other] = [left[leftAt], right[rightAt]];
    if (one === undefined || other === undefined) return taken;
    if (other.time < one.time) {
      taken.push(other);
      rightAt++;
    } else {
      taken.push(one);
      leftAt++;
    }
  }
}

interface KeptRecord extends JoinedRecord {
  isMet: boolean;
  isSettled: boolean;
}

export function recomputedStreamJoin(
  kind: JoinKind,
  records: readonly JoinedRecord[],
  { beforeMs, afterMs, graceMs }: JoinReach,
): JoinStep[] {
  const kept: KeptRecord[] = [];
  const keeps = (isLeft: boolean): boolean => kind === 'outerJoin' || (kind === 'leftJoin' && isLeft);
  let now = -1;
  return records.map((record): JoinStep => {
    const outputs: string[] = [];
    now = Math.max(now, record.time);
    for (const each of kept) {
      // Nobody within reach of it can come any more: such a record would be late.
      if (each.isMet || each.isSettled || each.time + beforeMs + afterMs + graceMs >= now) continue;
      each.isSettled = true;
      if (!keeps(each.isLeft)) continue;
      outputs.push(told(each.key, each.isLeft ? [each.value, null] : [null, each.value], each.time));
    }
    if (record.time + (record.isLeft ? afterMs : beforeMs) + graceMs < now) return { outputs, isLate: true };
    const own: KeptRecord = { ...record, isMet: false, isSettled: false };
    for (const other of kept) {
      if (other.isLeft === own.isLeft || other.key !== own.key) continue;
      const [one, two] = own.isLeft ? [own, other] : [other, own];
      if (two.time < one.time - beforeMs || two.time > one.time + afterMs) continue;
      own.isMet = true;
      other.isMet = true;
      outputs.push(told(own.key, [one.value, two.value], Math.max(one.time, two.time)));
    }
    kept.push(own);
    return { outputs, isLate: false };
  });
}

export function recomputedTableJoin(kind: JoinKind, records: readonly JoinedRecord[]): JoinStep[] {
  return recomputedRows(records, ({ key, time }, left, right) => {
    const isThere = {
      join: left !== null && right !== null,
      leftJoin: left !== null,
      outerJoin: left !== null || right !== null,
    }[kind];
    return told(key, isThere ? [left, right] : null, time);
  });
}

/** Left records with the newest right rows. */
export function recomputedLookUps(kind: 'join' | 'leftJoin', records: readonly JoinedRecord[]): JoinStep[] {
  return recomputedRows(records, ({ key, value, time, isLeft }, _, found) => {
    if (!isLeft || (found === null && kind === 'join')) return undefined;
    return told(key, [value, found], time);
  });
}

/** What `tell` makes of the two rows of a key after each record. */
function recomputedRows(
  records: readonly JoinedRecord[],
  tell: (record: JoinedRecord, left: number | null, right: number | null) => string | undefined,
): JoinStep[] {
  const newest = { left: new Map<string, number | null>(), right: new Map<string, number | null>() };
  return records.map((record): JoinStep => {
    const { isLeft, key, value } = record;
    (isLeft ? newest.left : newest.right).set(key, value);
    const output = tell(record, newest.left.get(key) ?? null, newest.right.get(key) ?? null);
    return { outputs: output === undefined ? [] : [output], isLate: false };
  });
}

/** A result as text: its key, the pair (null: the row is gone), and its time. */
export function told(key: string, pair: Pair | null, time: number): string {
  return `${key} ${JSON.stringify(pair)} @${time}`;
}
