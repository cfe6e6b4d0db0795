/** How far a group's consumer is, as its user commits it or makes it part of a transaction. */
import type { CallBounds } from '../cluster.ts';
import type { GroupOffsets, TransactionOutcome } from '../consumer.ts';
import { InvalidOptionError } from '../errors.ts';
import type { TopicPartitionOffset } from '../topic.ts';
import type { Committer } from './committer.ts';
import { type CommittingMember, committing } from './offset-committer.ts';
import type { PartitionSet } from './partition-set.ts';
import type { PartitionState } from './partition-state.ts';

export interface GroupProgressParts {
  readonly group: string | undefined;
  readonly partitions: PartitionSet;
  readonly committer: Committer | undefined;
  /** Undefined for consumers that are no members, whose offsets are kept under a group's name. */
  readonly member: () => CommittingMember | undefined;
  /** What was fetched of a partition is void: it goes on elsewhere. */
  readonly drop: (state: PartitionState) => void;
}

export class GroupProgress {
  readonly #parts: GroupProgressParts;

  constructor(parts: GroupProgressParts) {
    this.#parts = parts;
  }

  async commit(offsets: readonly TopicPartitionOffset[] | undefined, bounds: CallBounds): Promise<void> {
    const { committer, partitions } = this.#parts;
    if (committer === undefined) throw noGroup();
    if (offsets === undefined) return committer.commitHandedOut(partitions, bounds);
    // What the user commits is what is handled: the commit at the end must not take it back.
    for (const place of offsets) {
      const state = partitions.get(place);
      if (state === undefined) continue;
      state.handled = place.offset;
      state.handledEpoch = -1;
    }
    const due = offsets.map((offset) => ({ ...offset, leaderEpoch: -1 }));
    await committer.commit(due, bounds);
  }

  offsets(): GroupOffsets {
    const { group, partitions, member } = this.#parts;
    if (group === undefined) throw noGroup();
    const offsets: TopicPartitionOffset[] = [];
    for (const { isPositioned, topic, partition, position, base, committed } of partitions) {
      if (isPositioned && (position !== base || (committed >= 0 && position !== committed))) {
        offsets.push({ topic, partition, offset: position });
      }
    }
    return { group, offsets, ...committing(group, offsets, member()) };
  }

  settled(offsets: readonly TopicPartitionOffset[], outcome: TransactionOutcome): void {
    for (const place of offsets) {
      const state = this.#parts.partitions.get(place);
      if (state === undefined) continue;
      if (outcome === 'committed') {
        state.committed = place.offset;
        state.base = place.offset;
      } else if (state.isPositioned && state.position > state.base) {
        this.#parts.drop(state);
        if (outcome === 'aborted') state.moveTo(state.base, -1);
        else {
          state.ask('committed');
          state.handled = -1;
        }
      }
    }
  }
}

function noGroup(): InvalidOptionError {
  const problem = 'is not given, so there is nowhere to commit to; make the consumer with a group';
  return new InvalidOptionError('group', problem);
}
