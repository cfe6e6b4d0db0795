/**
 * Joins of two streams: records of the same key whose times lie near each other. Each side keeps its records until no
 * record of the other side can meet them any more.
 *
 * A record reaches from `time - beforeMs` to `time + afterMs` in the other side (the other way round seen from there).
 * It is late when stream time has passed its reach and the grace, and is dropped then. Records that met nobody go on,
 * where the kind of join wants them, when nobody can come any more.
 */
import type { WindowDefinition } from '../state/store-definition.ts';
import type { Cursor, Receiver } from '../task/cursor.ts';
import type { OperatorContext } from '../task/operator-context.ts';
import type { ResultForm, SendResult } from '../task/result-form.ts';
import type { AnySerde, Operator } from '../topology/node.ts';

/** What a join keeps of a record. */
export interface JoinRow {
  readonly value: unknown;
  /** Whether a record of the other side has met it. */
  readonly isMet: boolean;
}

export interface JoinSide {
  readonly name: string;
  readonly own: WindowDefinition;
  /** The serde of its records' values. */
  readonly value: AnySerde;
  readonly other: WindowDefinition;
  /** How far a record of this side reaches back, and ahead, in the other. */
  readonly backMs: number;
  readonly aheadMs: number;
  readonly graceMs: number;
  /** Whether records of this side that met nobody go on. */
  readonly keepsUnmet: boolean;
  /** Whether the other side needs to know whom its records met. */
  readonly otherKeepsUnmet: boolean;
  /** The result, of this side's value and the other's, undefined where there is none. */
  readonly join: (own: unknown, other: unknown) => unknown;
}

/** One side of a join; the other is the same with the stores exchanged. Both send to one node. */
export function joinSideOperator(side: JoinSide): Operator {
  const { backMs, aheadMs, graceMs, own: ownStore, other: otherStore } = side;
  return {
    kind: 'join',
    name: side.name,
    detail: `${ownStore.name} back=${backMs} ahead=${aheadMs} grace=${graceMs}`,
    stores: [ownStore, otherStore],
    holdsBackMs: side.keepsUnmet ? backMs + aheadMs + graceMs : 0,
    connect: (context, [next]) => {
      const send = next as Receiver;
      const own = context.store(ownStore);
      const other = context.store(otherStore);
      const unmet = side.keepsUnmet ? sendUnmet(context, side, send) : undefined;
      return (record: Cursor) => {
        const { key, value, timestamp } = record;
        if (timestamp + aheadMs + graceMs < context.lateTime(record)) return context.countLate(side.name);
        let isMet = false;
        other.fetch(key, timestamp - backMs, timestamp + aheadMs, (found, time, replace) => {
          const row = found as JoinRow;
          isMet = true;
          if (side.otherKeepsUnmet && !row.isMet) replace({ value: row.value, isMet: true } satisfies JoinRow);
          record.sendAs(send, key, side.join(value, row.value), Math.max(timestamp, time));
        });
        own.append(key, timestamp, { value, isMet } satisfies JoinRow);
        if (!isMet) unmet?.waits(timestamp);
      };
    },
  };
}

function sendUnmet(context: OperatorContext, side: JoinSide, send: Receiver): { waits(time: number): void } {
  const rows = context.store(side.own);
  const { cursor } = context;
  const results: ResultForm = {
    store: side.own,
    value: side.value,
    valueOf: (row) => (row as JoinRow).value,
    areRepeated: true,
  };
  const sendAlone: SendResult = (key, time, row) => {
    cursor.loadOwn(key, side.join((row as JoinRow).value, undefined), time);
    send(cursor);
  };
  const waitMs = side.backMs + side.aheadMs + side.graceMs;
  /** Records up to here have gone on if they met nobody. */
  let settled = context.streamTime - waitMs - 1;
  const timer = {
    dueAt: context.streamTime,
    fire(streamTime: number): void {
      const upTo = streamTime - waitMs - 1;
      for (const { key, time, value: row } of rows.entries(settled + 1, upTo)) {
        if (!(row as JoinRow).isMet) context.attempt(results, key, time, row, sendAlone);
      }
      settled = upTo;
      timer.dueAt = rows.firstTime(upTo + 1) + waitMs + 1;
    },
  };
  context.onStreamTime(timer);
  return {
    waits: (time) => {
      if (time + waitMs + 1 < timer.dueAt) timer.dueAt = time + waitMs + 1;
    },
  };
}
