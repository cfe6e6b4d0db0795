/**
 * Sums up what is copied of each partition from one publication to the next, at the cost of some additions a batch.
 *
 * Invariant: the ranges of one copy follow one another without a gap, and hold what was stored meanwhile.
 */
import type { PartitionCopy } from '../copy/partition-copy.ts';
import type { Losses, LostRange } from '../offset-map/losses.ts';
import type { StoredBatch } from '../status/copy-observer.ts';
import type { AuditRecord } from './audit-record.ts';

/** What is looked at of a copy. */
export type AuditedCopy = Pick<PartitionCopy, 'topic' | 'partition' | 'began' | 'confirmed' | 'recordsReturning'> & {
  readonly losses?: Losses | undefined;
  readonly target: { readonly topic: string };
};

interface Sums {
  records: number;
  batches: number;
  bytes: number;
  firstTime: number;
  newestTime: number;
}

export class AuditTrail {
  readonly #names: { readonly mirror: string; readonly worker: string };
  readonly #sums = new Map<AuditedCopy, Sums>();
  /** What was copied the last time, and may have passed something over since. */
  #before: readonly AuditedCopy[] = [];
  /** Where the last range ended. */
  readonly #ends = new WeakMap<AuditedCopy, AuditedCopy['confirmed'] & { readonly returning: number }>();

  constructor(names: { readonly mirror: string; readonly worker: string }) {
    this.#names = names;
  }

  /** A batch is stored, that the copy has not counted yet. */
  stored(copy: AuditedCopy, { records, bytes, firstTime, newestTime }: StoredBatch): void {
    let sums = this.#sums.get(copy);
    if (sums === undefined) {
      sums = { records: 0, batches: 0, bytes: 0, firstTime: Number.POSITIVE_INFINITY, newestTime: -1 };
      this.#sums.set(copy, sums);
    }
    sums.records += records;
    sums.batches += 1;
    sums.bytes += bytes;
    if (firstTime >= 0) sums.firstTime = Math.min(sums.firstTime, firstTime, newestTime);
    sums.newestTime = Math.max(sums.newestTime, newestTime);
  }

  /**
   * What was copied, or passed over, since the last time: of the copies given, of those given the last time, and of
   * those that stored something meanwhile. The next ranges begin where these end.
   */
  take(copies: Iterable<AuditedCopy>, at: number): AuditRecord[] {
    const records: AuditRecord[] = [];
    const live = [...copies];
    for (const copy of new Set([...live, ...this.#before, ...this.#sums.keys()])) {
      const { source, target } = copy.confirmed;
      const before = this.#ends.get(copy) ?? { ...copy.began, returning: 0 };
      if (source === before.source) continue;
      const sums = this.#sums.get(copy);
      const copied = sums?.records ?? 0;
      const skipped = source - before.source - copied;
      // What was fetched last may lie behind the range.
      const returning = Math.min(copy.recordsReturning - before.returning, skipped);
      records.push({
        version: 1,
        ...this.#names,
        topic: copy.topic,
        partition: copy.partition,
        targetTopic: copy.target.topic,
        source: { from: before.source, to: source },
        target: { from: before.target, to: target },
        records: copied,
        batches: sums?.batches ?? 0,
        bytes: sums?.bytes ?? 0,
        skipped,
        returning,
        lost: lostWithin(copy.losses, before.source, source),
        firstTime: sums !== undefined && Number.isFinite(sums.firstTime) ? sums.firstTime : null,
        newestTime: sums !== undefined && sums.newestTime >= 0 ? sums.newestTime : null,
        at,
      });
      this.#ends.set(copy, { source, target, returning: before.returning + returning });
      this.#sums.delete(copy);
    }
    this.#before = live;
    return records;
  }
}

function lostWithin(losses: Losses | undefined, from: number, to: number): LostRange[] {
  const within = (losses?.ranges ?? []).filter((each) => each.from < to && each.to > from);
  return within.map((each) => ({ ...each, from: Math.max(each.from, from), to: Math.min(each.to, to) }));
}
