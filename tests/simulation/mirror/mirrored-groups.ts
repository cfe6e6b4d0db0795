/**
 * The judge of the offset map: commits offsets of groups on the source, and compares what the mirror makes of them on
 * the target with where exactly the next record lies.
 */
import { isMillraceError } from '@millrace/base';
import { type Admin, createClient, unwrap } from '@millrace/client';
import type { Mirror } from '@millrace/mirror';
import { clientOptions } from '../client/client-options.ts';
import type { ActorHome } from '../oracle/actor.ts';
import { InvariantViolation } from '../oracle/history.ts';
import type { MirroredPartition } from './mirrored-partition.ts';

export class MirroredGroups {
  readonly #source: ActorHome;
  readonly #target: ActorHome;
  readonly #partitions: readonly MirroredPartition[];
  /** What was committed on the source, by group; the last one is what is. */
  readonly #committed = new Map<string, Map<MirroredPartition, number[]>>();
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
    const offsets = this.#committed.get(group) ?? new Map<MirroredPartition, number[]>();
    this.#committed.set(group, offsets);
    for (const partition of this.#partitions) {
      if (randomness.integer(3) === 0) continue;
      const past = offsets.get(partition) ?? [];
      const least = past.at(-1) ?? 0;
      offsets.set(partition, [...past, least + randomness.integer(partition.sourceEnd - least + 1)]);
    }
    const places = [...offsets].map(([{ topic, index }, past]) => {
      return { topic, partition: index, offset: past.at(-1) as number };
    });
    await withAdmin(this.#source, async (admin) => void unwrap(await admin.commitOffsets(group, places)));
  }

  /** Throws `InvariantViolation` unless all groups are on the target where they must be. */
  async check(): Promise<void> {
    await this.#judge((past) => past.slice(-1), true);
  }

  /** Likewise, but for any offset that the groups had on the source, or none. */
  async checkPast(): Promise<void> {
    await this.#judge((past) => past, false);
  }

  async #judge(offsetsOf: (past: readonly number[]) => readonly number[], areAllThere: boolean): Promise<void> {
    for (const [group, committed] of this.#committed) {
      const asked = [...committed];
      const places = asked.map(([{ topic, index }]) => ({ topic, partition: index }));
      const found = await withAdmin(this.#target, async (admin) => unwrap(await admin.fetchOffsets(group, places)));
      for (const [partition, past] of asked) {
        const { topic, index } = partition;
        const there = found.find((each) => each.topic === topic && each.partition === index)?.offset;
        if (there === undefined && !areAllThere) continue;
        // What was copied before the offset was set is to be known.
        await partition.compare();
        const expected = offsetsOf(past);
        if (expected.some((offset) => there !== undefined && partition.isNext(offset, there))) this.#checked += 1;
        else {
          const last = partition.expectedOffset(expected.at(-1) ?? 0);
          const due = last === undefined ? 'nothing may be' : `${last.least} to ${last.most} is its next record`;
          const where = `${past.at(-1)} of ${topic}/${index} on the source, and at ${there} on the target`;
          throw new InvariantViolation(`${group} is at ${where}, where ${due}`);
        }
      }
    }
  }
}

/** Has the workers carry groups over; answers whether all offsets of all groups could be. */
export async function areCarried(
  groups: MirroredGroups,
  workers: readonly { readonly running: Mirror | undefined }[],
): Promise<boolean> {
  let [ahead, told] = [0, 0];
  for (const { running } of workers) {
    for (const result of (await running?.syncGroups()) ?? []) {
      ahead += result.ahead;
      told += result.synced + result.skipped;
      if (result.error !== undefined) throw result.error;
    }
  }
  const isBehind = workers.some(({ running }) => running?.status().some(({ lag }) => lag !== 0));
  return ahead === 0 && told >= groups.count && !isBehind;
}

/** Asks until there is an answer. */
export async function withAdmin<T>(home: ActorHome, work: (admin: Admin) => Promise<T>): Promise<T> {
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
