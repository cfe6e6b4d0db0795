/**
 * Goes back after a failover: makes ready a mirror from the target to the source that begins with exactly the first
 * record behind the failover. Its journal is seeded with the map of the mirror that was failed over, turned round, so
 * that nothing is copied twice and groups go back exactly.
 *
 * What lies on the source behind what was copied (its divergent tail, after a forced failover) can't be taken away
 * there: it is recorded as a range that `verify` and groups skip. Each step may be done again.
 */
import { assert } from '@millrace/base';
import { isAnotherTopic } from '../copy/topic-identity.ts';
import type { MirrorOptions } from '../mirror.ts';
import { ensureOffsetsTopic, offsetsTopicOf } from '../topics/offsets-topic.ts';
import { type TailRecord, tailRecords } from './divergent-tail.ts';
import { FailoverError } from './failover-errors.ts';
import { readFailovers, writeFailovers } from './failover-log.ts';
import type { FailoverSides } from './failover-options.ts';
import { isFailedOver, reverseNameOf, type Tail, type TopicFailover, wholeMirror } from './failover-record.ts';
import { MirrorEnds } from './mirror-ends.ts';
import { endsOf } from './open-transactions.ts';
import { type SeededPartition, seedReverse } from './seed-reverse.ts';
import { leaveTails } from './tail-groups.ts';
import { hasAuthorizer, lowerFence } from './writer-fence.ts';

export interface FailbackOptions extends FailoverSides {
  /**
   * What becomes of the source's divergent tail besides: it is kept where it is (default), handed out record by record,
   * or also written to the target, from where it comes back as new records. A failback that is broken off and begun
   * again hands out and writes again.
   */
  readonly tail?: 'keep' | 'merge' | { readonly export: (record: TailRecord) => void | Promise<void> } | undefined;
  /** Leaves the fence on the source: who the mirror logs in there as is a super user, whom it does not keep out. */
  readonly keepFence?: boolean | undefined;
}

export interface FailbackResult {
  /** What starts a worker of the mirror that goes back. */
  readonly mirror: Pick<MirrorOptions, 'name' | 'source' | 'target' | 'topics' | 'rename'>;
  /** By name on the source: ranges of source offsets that are skipped from now on. */
  readonly topics: readonly { readonly topic: string; readonly tails: readonly Tail[] }[];
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
    if (due.length > 0) await this.#prepare(due, failovers.get(wholeMirror));
    return this.#result(chosen, []);
  }

  async plan(): Promise<FailbackResult> {
    const chosen = await this.#chosen(await this.#ends.failovers());
    const due = chosen.filter(({ state }) => state === 'failed-over');
    const seeds = await this.#seeds(due);
    return this.#result(
      chosen,
      seeds.filter(({ tail }) => tail.to > tail.from),
    );
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
  async #result(chosen: readonly TopicFailover[], tails: readonly SeededPartition[]): Promise<FailbackResult> {
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
        return { topic, tails: [...(reversed.get(targetTopic)?.tails ?? []), ...found] };
      }),
    };
  }

  async #prepare(due: readonly TopicFailover[], whole: TopicFailover | undefined): Promise<void> {
    const { source, target, bounds } = this.#ends;
    const seeds = await this.#seeds(due);
    const tails = seeds.filter(({ tail }) => tail.to > tail.from);
    await this.#treat(tails);
    const offsetsTopic = offsetsTopicOf(this.#reverse);
    const wanted = await this.#ends.journal.shards();
    const ensure = (): Promise<number> => ensureOffsetsTopic(source.admin, offsetsTopic, wanted);
    const shards = await source.cluster.retrying(bounds, ensure);
    await seedReverse(source.cluster, offsetsTopic, shards, seeds, bounds);
    const before = await readFailovers(source.cluster, this.#reverse, bounds);
    const at = this.#ends.now;
    const isWhole = this.#options.topics === undefined && whole !== undefined;
    const reversed = due.map(({ topic, targetTopic, manner, tails: sourceTails }): TopicFailover => {
      const found = tails.filter((each) => each.topic === targetTopic).map(({ tail }) => tail);
      const earlier = (before.get(targetTopic)?.tails ?? []).filter(({ partition, from }) => {
        return !found.some((each) => each.partition === partition && each.from === from);
      });
      const names = { topic: targetTopic, targetTopic: topic };
      return { ...names, state: 'copying', manner, at, points: [], tails: [...earlier, ...found], sourceTails };
    });
    const wholeBack = before.get(wholeMirror);
    // What of it is still failed over is so by records of its own.
    const all =
      wholeBack !== undefined && isFailedOver(wholeBack) ? [{ ...wholeBack, state: 'copying' as const, at }] : [];
    await writeFailovers(source.client, this.#reverse, [...reversed, ...all]);
    const groups = await leaveTails(source.admin, tails, bounds);
    for (const sentence of groups) this.#ends.tell('groups', sentence, 'warn');
    if (this.#options.keepFence !== true && (await hasAuthorizer(source.admin, bounds))) {
      await lowerFence(
        source.admin,
        due.map(({ topic }) => topic),
        bounds,
      );
      this.#ends.tell('fence', `the source's ${due.length} topics may be written to again, as the mirror must`);
    }
    const now = [...due, ...(isWhole ? [whole] : [])];
    await writeFailovers(
      target.client,
      this.#options.name,
      now.map((record) => ({ ...record, state: 'failing-back' as const, at })),
    );
    this.#ends.tell('close', `mirror ${this.#reverse} goes on where mirror ${this.#options.name} ended`);
  }

  /** Where each partition goes on, on both sides. */
  async #seeds(due: readonly TopicFailover[]): Promise<SeededPartition[]> {
    const { source, target, journal, bounds } = this.#ends;
    const [there, here] = await Promise.all(
      [source, target].map(async ({ admin }) => {
        const listed = await admin.listTopics({ ...bounds, internal: true });
        return new Map(listed.map(({ topic, topicId }) => [topic, topicId]));
      }),
    );
    const maps = await this.#ends.maps(
      due.map(({ points, ...names }) => ({ ...names, partitions: points.map(({ partition }) => partition) })),
    );
    const found = await endsOf(source.cluster, maps, 0, bounds).catch((error: unknown) => {
      const lost = due.find(({ topic }) => there?.get(topic) === undefined);
      throw lost === undefined ? error : this.#another(lost.topic);
    });
    const seeds: SeededPartition[] = [];
    for (const [index, { topic, partition, target: place, map, confirmed }] of maps.entries()) {
      const copied = (await journal.chunksOf({ topic, partition })).at(-1)?.topicId;
      const now = there?.get(topic);
      if (now === undefined || (copied !== undefined && isAnotherTopic(copied, now))) throw this.#another(topic);
      const point = due.find((each) => each.topic === topic)?.points.find((each) => each.partition === partition);
      assert(point !== undefined, 'a partition is failed back that was not failed over');
      const tail = { partition, from: confirmed.source, to: Math.max(found[index] ?? 0, confirmed.source) };
      const topicId = here?.get(place.topic) ?? '';
      seeds.push({ ...place, original: topic, topicId, map, begin: confirmed.target, tail });
    }
    return seeds;
  }

  #another(topic: string): FailoverError {
    const message = `the source has no topic ${topic} any more, or another one of that name`;
    return new FailoverError('failback_not_failed_over', `${message}: begin a new mirror in that direction`);
  }

  async #treat(tails: readonly SeededPartition[]): Promise<void> {
    const { source, target } = this.#ends;
    const { tail: treatment = 'keep' } = this.#options;
    for (const { original, partition, tail } of tails) {
      const range = `source offsets ${tail.from} to ${tail.to - 1} of ${original} [${partition}] were never copied`;
      this.#ends.tell('tail', `${range}: they stay there, and are skipped`, 'warn');
    }
    if (treatment === 'keep') return;
    await using producer = target.client.producer();
    for (const { original, topic, tail } of tails) {
      let count = 0;
      for await (const record of tailRecords(source, original, tail)) {
        count += 1;
        if (treatment !== 'merge') {
          await treatment.export(record);
          continue;
        }
        const { partition, timestamp, key, value, headers } = record;
        await producer.send({ topic, partition, timestamp, key, value, headers });
      }
      const done = treatment === 'merge' ? `written to ${topic} on the target` : 'exported';
      this.#ends.tell('tail', `${count} records of ${original} [${tail.partition}] were ${done}`);
    }
  }
}
