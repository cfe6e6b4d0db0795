/**
 * Tells offsets of the cluster that a group reads on now from those of clusters that it has left, which mean other
 * records here. An offset is but a number: so after a move those are good that lie within what was handed out since,
 * and not within what was handed out before and never committed, up to the first good commit behind that. Some that
 * are good may be refused, so that what they are for comes again; none that is not good is taken from a program that
 * commits those of a partition in ascending order.
 *
 * Before the first move everything is good. Not held here: where the consumer is, and what the group has committed.
 */
import type { TopicPartition, TopicPartitionOffset } from '@millrace/client';
import { ForeignOffsetError } from '../errors.ts';

/** Offsets of a partition: `from` is that of the first record, `to` that of the one behind the last. */
interface Range {
  from: number;
  to: number;
  /** The greatest that was committed; `from` when none was. */
  committed: number;
}

export class OwnOffsets {
  #present = new Map<string, Range>();
  /** Of clusters that were left: what was handed out and not committed. Undefined before the first move. */
  #left: Map<string, Range> | undefined;

  /** Records were handed out: `to` is the offset behind the last. */
  handedOut({ topic, partition }: TopicPartition, from: number, to: number): void {
    const name = nameOf(topic, partition);
    const range = this.#present.get(name);
    if (range === undefined) {
      this.#present.set(name, { from, to, committed: from });
      return;
    }
    if (from < range.from) range.from = from;
    if (to > range.to) range.to = to;
  }

  /** Offsets were committed; undefined: everything that was handed out. */
  committed(offsets: readonly TopicPartitionOffset[] | undefined): void {
    if (offsets === undefined) {
      for (const range of this.#present.values()) range.committed = range.to;
      return;
    }
    for (const { topic, partition, offset } of offsets) {
      const name = nameOf(topic, partition);
      const range = this.#present.get(name);
      if (range !== undefined) range.committed = Math.max(range.committed, offset);
      if (offset > (this.#left?.get(name)?.to ?? offset)) this.#left?.delete(name);
    }
  }

  /** The group is on another cluster from now on. */
  moved(): void {
    const left = new Map(this.#left);
    for (const [name, range] of this.#present) {
      if (range.committed >= range.to) continue;
      const before = left.get(name);
      const committed = Math.min(range.committed, before?.committed ?? range.committed);
      left.set(name, { from: range.from, to: Math.max(range.to, before?.to ?? 0), committed });
    }
    this.#left = left;
    this.#present = new Map();
  }

  /** @throws ForeignOffsetError */
  check({ topic, partition, offset }: TopicPartitionOffset): void {
    if (this.#left === undefined) return;
    const name = nameOf(topic, partition);
    const problem = problemOf(offset, this.#present.get(name), this.#left.get(name));
    if (problem !== undefined) throw new ForeignOffsetError(topic, partition, offset, problem);
  }
}

function problemOf(offset: number, present: Range | undefined, left: Range | undefined): string | undefined {
  if (present === undefined) return 'nothing of the partition was handed out since the group came here';
  if (offset < present.from || offset > present.to) {
    return `since the group came here offsets from ${present.from} to ${present.to} were handed out`;
  }
  if (left === undefined || offset <= left.committed || offset > left.to) return undefined;
  return `up to ${left.to} was handed out there, and not committed`;
}

function nameOf(topic: string, partition: number): string {
  return `${partition} ${topic}`;
}
