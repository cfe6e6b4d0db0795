/**
 * The judge of the offset map: commits offsets of groups on the source, and compares what the mirror makes of them on
 * the target with where exactly the next record lies.
 */
import { isMillraceError } from '@millrace/base';
import { type Admin, createClient, unwrap } from '@millrace/client';
import { clientOptions } from '../client/client-options.ts';
import type { ActorHome } from '../oracle/actor.ts';
import { InvariantViolation } from '../oracle/history.ts';
import type { MirroredPartition } from './mirrored-partition.ts';

export class MirroredGroups {
  readonly #source: ActorHome;
  readonly #target: ActorHome;
  readonly #partitions: readonly MirroredPartition[];
  /** What is committed on the source, by group. */
  readonly #committed = new Map<string, Map<MirroredPartition, number>>();
  #checked = 0;

  constructor(source: ActorHome, target: ActorHome, partitions: readonly MirroredPartition[]) {
    this.#source = source;
    this.#target = target;
    this.#partitions = partitions;
  }

  /** Offsets that were found where they must be. */
  get checked(): number {
    return this.#checked;
  }

  /** How many offsets are committed on the source. */
  get count(): number {
    return [...this.#committed.values()].reduce((sum, offsets) => sum + offsets.size, 0);
  }

  /** Moves a group to random offsets of some partitions, never back. */
  async move(group: string): Promise<void> {
    const { randomness } = this.#source;
    const offsets = this.#committed.get(group) ?? new Map<MirroredPartition, number>();
    this.#committed.set(group, offsets);
    for (const partition of this.#partitions) {
      const least = offsets.get(partition) ?? 0;
      if (randomness.integer(3) > 0) {
        offsets.set(partition, least + randomness.integer(partition.sourceEnd - least + 1));
      }
    }
    const places = [...offsets].map(([{ topic, index }, offset]) => ({ topic, partition: index, offset }));
    await withAdmin(this.#source, async (admin) => void unwrap(await admin.commitOffsets(group, places)));
  }

  /** Throws `InvariantViolation` unless all groups are on the target where they must be. */
  async check(): Promise<void> {
    for (const [group, offsets] of this.#committed) {
      const places = [...offsets.keys()].map(({ topic, index }) => ({ topic, partition: index }));
      const found = await withAdmin(this.#target, async (admin) => unwrap(await admin.fetchOffsets(group, places)));
      for (const [partition, offset] of offsets) {
        const { topic, index } = partition;
        const there = found.find((each) => each.topic === topic && each.partition === index)?.offset;
        const { least, most } = partition.expectedOffset(offset);
        if (there === undefined || there < least || there > most) {
          const message = `${group} is at ${offset} of ${topic}/${index} on the source, and at ${there} on the target`;
          throw new InvariantViolation(`${message}, where ${least} to ${most} is its next record`);
        }
        this.#checked += 1;
      }
    }
  }
}

/** Asks until there is an answer. */
async function withAdmin<T>(home: ActorHome, work: (admin: Admin) => Promise<T>): Promise<T> {
  for (;;) {
    const client = createClient(clientOptions(home));
    try {
      return await work(client.admin());
    } catch (error) {
      if (!isMillraceError(error) || !error.retriable) throw error;
    } finally {
      await client.close();
    }
    await home.anyBroker().pause();
  }
}
