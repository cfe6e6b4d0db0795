/**
 * Goes back after a failover: makes ready a mirror from the target to the source that begins with exactly the first
 * record behind the failover. Its journal is seeded with the map of the mirror that was failed over, turned round, so
 * that nothing is copied twice and groups go back exactly.
 *
 * What lies on the source behind what was copied (its divergent tail, after a forced failover) can't be taken away
 * there: it is recorded as a range that `verify` and groups skip. Each step may be done again.
 */
import type { MirrorOptions } from '../mirror.ts';
import { ensureOffsetsTopic, offsetsTopicOf } from '../topics/offsets-topic.ts';
import { FailoverError } from './failover-errors.ts';
import { readFailovers, writeFailovers } from './failover-log.ts';
import type { FailoverSides } from './failover-options.ts';
import { isFailedOver, reverseNameOf, type Tail, type TopicFailover, wholeMirror } from './failover-record.ts';
import { MirrorEnds } from './mirror-ends.ts';
import { settleTransactions } from './open-transactions.ts';
import { reverseSeeds } from './reverse-seeds.ts';
import { type SeededPartition, seedReverse } from './seed-reverse.ts';
import { type LeftTail, leaveTails } from './tail-groups.ts';
import {
  emptyPartitions,
  exportRanges,
  forgetMerge,
  mergeTails,
  type TailExport,
  throwIfRead,
} from './tail-treatment.ts';
import { type ChunksOf, WayBack } from './way-back.ts';
import { hasAuthorizer, lowerFence } from './writer-fence.ts';

/** How long transactions on what is rebuilt may take to end. */
const transactionsMs = 60_000;

export interface FailbackOptions extends FailoverSides {
  /**
   * What becomes of the source's divergent tail: it is kept where it is and passed over (default); also written to the
   * target, from where it comes back as new records; or the partition is emptied and copied anew from the target.
   */
  readonly tail?: 'keep' | 'merge' | 'rebuild' | undefined;
  /**
   * Is handed the records of the tail first, and when partitions are rebuilt all that are nowhere else. A failback that
   * is broken off and begun again hands out again.
   */
  readonly exportTail?: TailExport | undefined;
  /** Records that are nowhere else may be deleted without having been exported. */
  readonly discardTail?: boolean | undefined;
  /** Leaves the fence on the source: who the mirror logs in there as is a super user, whom it does not keep out. */
  readonly keepFence?: boolean | undefined;
}

export interface FailbackResult {
  /** What starts a worker of the mirror that goes back. */
  readonly mirror: Pick<MirrorOptions, 'name' | 'source' | 'target' | 'topics' | 'rename'>;
  /** By name on the source: ranges of source offsets that are skipped from now on. */
  readonly topics: readonly FailedBackTopic[];
}

export interface FailedBackTopic {
  readonly topic: string;
  readonly tails: readonly Tail[];
  /** Partitions that are rebuilt by this run, and what is deleted for that and nowhere else. */
  readonly rebuilt: readonly { readonly partition: number; readonly deleted: readonly Tail[] }[];
}

/**
 * Makes the way back ready; whoever starts the mirror that it answers copies on there. Rejects with `FailoverError`
 * when the mirror was not failed over, or the source has other topics than then, and with the client's errors.
 */
export async function failback(options: FailbackOptions): Promise<FailbackResult> {
  await using ends = new MirrorEnds(options);
  return await new Failback(options, ends).run();
}

/** What `failback` would answer; changes nothing. Rejects likewise. */
export async function planFailback(options: FailbackOptions): Promise<FailbackResult> {
  await using ends = new MirrorEnds(options);
  return await new Failback(options, ends).plan();
}

class Failback {
  readonly #options: FailbackOptions;
  readonly #ends: MirrorEnds;
  readonly #reverse: string;

  constructor(options: FailbackOptions, ends: MirrorEnds) {
    this.#options = options;
    this.#ends = ends;
    this.#reverse = reverseNameOf(options.name);
  }

  async run(): Promise<FailbackResult> {
    const failovers = await this.#ends.failovers();
    const chosen = await this.#chosen(failovers);
    const due = chosen.filter(({ state }) => state === 'failed-over');
    this.#ends.tell('begin', `failback of ${chosen.length} topics by mirror ${this.#reverse}`);
    const seeds = due.length > 0 ? await this.#prepare(due, failovers.get(wholeMirror)) : [];
    const result = await this.#result(chosen, seeds, []);
    const tails = result.topics.flatMap((each) =>
      each.tails.map((tail) => ({ original: each.topic, partition: tail.partition, tail })),
    );
    await this.#leave(tails);
    return result;
  }

  async plan(): Promise<FailbackResult> {
    const chosen = await this.#chosen(await this.#ends.failovers());
    const { source, bounds } = this.#ends;
    const back = await WayBack.look(this.#reverse, source, bounds);
    const due = chosen.filter((each) => each.state === 'failed-over' && !back.isReady(each));
    const seeds = await reverseSeeds(this.#ends, due, this.#options.tail === 'rebuild');
    await back.throwIfBegun(seeds);
    return this.#result(chosen, seeds, seeds.filter(hasTail));
  }

  async #chosen(failovers: ReadonlyMap<string, TopicFailover>): Promise<TopicFailover[]> {
    const { name, topics: selected } = this.#options;
    const known = await this.#ends.chosen();
    const chosen = known.flatMap(({ topic }) => {
      const record = failovers.get(topic);
      return record?.state === 'failed-over' || record?.state === 'failing-back' ? [record] : [];
    });
    if (chosen.length === 0 || (selected !== undefined && chosen.length < known.length)) {
      const message = `not all that is meant of mirror ${name} was failed over, or not to the end`;
      throw new FailoverError('failback_not_failed_over', `${message}: fail it over first`);
    }
    return chosen;
  }

  /** `tails`: those that are not recorded. */
  async #result(
    chosen: readonly TopicFailover[],
    seeds: readonly SeededPartition[],
    tails: readonly SeededPartition[],
  ): Promise<FailbackResult> {
    const { source, target } = this.#options;
    const reversed = await readFailovers(this.#ends.source.cluster, this.#reverse, this.#ends.bounds);
    const isThere = ({ targetTopic }: TopicFailover): boolean => isFailedOver(reversed.get(targetTopic));
    const over = chosen.find((each) => each.state === 'failing-back' && isThere(each));
    if (over !== undefined) {
      const message = `topic ${over.topic} went back by mirror ${this.#reverse}, which was failed over since`;
      throw new FailoverError('failback_not_failed_over', `${message}: fail that mirror back`);
    }
    const names = new Map(chosen.map(({ topic, targetTopic }) => [targetTopic, topic]));
    return {
      mirror: {
        name: this.#reverse,
        source: target,
        target: source,
        topics: [...names.keys()],
        rename: (topic) => names.get(topic) ?? topic,
      },
      topics: chosen.map(({ topic, targetTopic }) => {
        const found = tails.filter((each) => each.topic === targetTopic).map(({ tail }) => tail);
        const rebuilt = seeds.flatMap(({ original, partition, doomed }) =>
          original === topic && doomed !== undefined ? [{ partition, deleted: doomed }] : [],
        );
        const isKept = (tail: Tail): boolean => !rebuilt.some(({ partition }) => partition === tail.partition);
        const recorded = (reversed.get(targetTopic)?.tails ?? []).filter(isKept);
        return { topic, tails: [...recorded, ...found], rebuilt };
      }),
    };
  }

  async #prepare(due: readonly TopicFailover[], whole: TopicFailover | undefined): Promise<SeededPartition[]> {
    const { source, target, bounds } = this.#ends;
    const back = await WayBack.look(this.#reverse, source, bounds);
    // Whoever was broken off may have left it to workers that copy by now.
    const unready = due.filter((each) => !back.isReady(each));
    const seeds = unready.length > 0 ? await this.#seed(back, unready) : [];
    if (this.#options.keepFence !== true && (await hasAuthorizer(source.admin, bounds))) {
      await lowerFence(
        source.admin,
        due.map(({ topic }) => topic),
        bounds,
      );
      this.#ends.tell('fence', `the source's ${due.length} topics may be written to again, as the mirror must`);
    }
    const isWhole = this.#options.topics === undefined && whole !== undefined;
    const now = [...due, ...(isWhole ? [whole] : [])];
    const at = this.#ends.now;
    await writeFailovers(
      target,
      this.#options.name,
      now.map((record) => ({ ...record, state: 'failing-back' as const, at })),
      bounds,
    );
    if (this.#options.tail === 'merge') await forgetMerge(this.#ends, this.#options.name);
    this.#ends.tell('close', `mirror ${this.#reverse} goes on where mirror ${this.#options.name} ended`);
    return seeds;
  }

  /** Has the mirror in the other direction begin where this one ended. */
  async #seed(back: WayBack, due: readonly TopicFailover[]): Promise<SeededPartition[]> {
    const { source, bounds } = this.#ends;
    if (this.#options.tail === 'rebuild') await this.#settle(due);
    const seeds = await reverseSeeds(this.#ends, due, this.#options.tail === 'rebuild');
    await back.throwIfBegun(seeds);
    // What was found of the source is not of a mirror that copies there already.
    await this.#throwIfRaced(due);
    await this.#treat(due, seeds);
    const offsetsTopic = offsetsTopicOf(this.#reverse);
    const wanted = await this.#ends.journal.shards();
    const ensure = (): Promise<number> => ensureOffsetsTopic(source.admin, offsetsTopic, wanted);
    const shards = await source.cluster.retrying(bounds, ensure);
    const check = async (some: readonly SeededPartition[], chunksOf: ChunksOf): Promise<void> => {
      await this.#throwIfRaced(due);
      back.throwIfBehind(some, chunksOf);
    };
    await seedReverse(source.cluster, offsetsTopic, shards, seeds, check, bounds);
    const emptied = seeds.filter(isRebuilt).map(({ original, partition, to }) => {
      return { original, partition, tail: { partition, from: 0, to } };
    });
    await this.#leave(emptied);
    await this.#recordReverse(due, seeds);
    return seeds;
  }

  /** What the mirror in the other direction is to know of ranges that are no copies. */
  async #recordReverse(due: readonly TopicFailover[], seeds: readonly SeededPartition[]): Promise<void> {
    const { source, bounds } = this.#ends;
    const before = await readFailovers(source.cluster, this.#reverse, bounds);
    const at = this.#ends.now;
    const reversed = due.map(({ topic, targetTopic, manner, tails: here }): TopicFailover => {
      const own = seeds.filter(({ original }) => original === topic);
      const found = own.filter(hasTail).map(({ tail }) => tail);
      const isKept = ({ partition, from }: Tail): boolean =>
        !own.some(
          (seed) => seed.partition === partition && (isRebuilt(seed) || (hasTail(seed) && seed.tail.from === from)),
        );
      const tails = [...(before.get(targetTopic)?.tails ?? []).filter(isKept), ...found];
      // What a rebuilt partition gets is all that lies here.
      const sourceTails = here.filter(
        ({ partition }) => !own.some((seed) => seed.partition === partition && isRebuilt(seed)),
      );
      const names = { topic: targetTopic, targetTopic: topic };
      return { ...names, state: 'copying', manner, at, points: [], tails, sourceTails, isReversed: true };
    });
    const whole = before.get(wholeMirror);
    // What of it is still failed over is so by records of its own.
    const all = whole !== undefined && isFailedOver(whole) ? [{ ...whole, state: 'copying' as const, at }] : [];
    await writeFailovers(source, this.#reverse, [...reversed, ...all], bounds);
  }

  async #throwIfRaced(due: readonly TopicFailover[]): Promise<void> {
    const now = await this.#ends.failovers();
    const gone = due.find(({ topic }) => now.get(topic)?.state !== 'failed-over');
    if (gone === undefined) return;
    const message = `topic ${gone.topic} is being failed back by somebody else`;
    throw new FailoverError('failback_raced', `${message}: begin again to go on with that`);
  }

  async #settle(due: readonly TopicFailover[]): Promise<void> {
    const { source, bounds } = this.#ends;
    const listed = await source.admin.listTopics({ ...bounds, internal: true });
    const places = listed
      .filter(({ topic }) => due.some((each) => each.topic === topic))
      .flatMap(({ topic, partitionCount }) =>
        Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition })),
      );
    await settleTransactions(source.cluster, source.admin, places, transactionsMs, false, bounds);
  }

  async #treat(due: readonly TopicFailover[], seeds: readonly SeededPartition[]): Promise<void> {
    const { tail: treatment = 'keep', exportTail, discardTail = false, name } = this.#options;
    const tails = seeds.filter(hasTail);
    for (const { original, partition, tail } of tails) {
      const range = `source offsets ${tail.from} to ${tail.to - 1} of ${original} [${partition}] were never copied`;
      this.#ends.tell('tail', `${range}: they stay there, and are passed over`, 'warn');
    }
    const rebuilt = seeds.filter(isRebuilt);
    const doomed = rebuilt.flatMap(({ original, doomed: ranges = [] }) =>
      ranges.map(({ partition, from, to }) => `${original} [${partition}] from ${from} to ${to - 1}`),
    );
    if (doomed.length > 0 && exportTail === undefined && !discardTail) {
      const message = `records of the source would be deleted that are nowhere else: ${doomed.slice(0, 5).join(', ')}`;
      throw new FailoverError('failback_tail_unsaved', `${message}; export them, or say that they may go`);
    }
    if (rebuilt.length > 0) await throwIfRead(this.#ends, rebuilt);
    if (exportTail !== undefined) await exportRanges(this.#ends, [...tails, ...rebuilt], exportTail);
    if (treatment === 'merge') await mergeTails(this.#ends, name, tails);
    if (rebuilt.length > 0) await emptyPartitions(this.#ends, due, rebuilt);
  }

  async #leave(tails: readonly LeftTail[]): Promise<void> {
    const { source, bounds } = this.#ends;
    for (const sentence of await leaveTails(source.admin, tails, bounds)) this.#ends.tell('groups', sentence, 'warn');
  }
}

function hasTail({ tail }: SeededPartition): boolean {
  return tail.to > tail.from;
}

function isRebuilt({ doomed }: SeededPartition): boolean {
  return doomed !== undefined;
}
