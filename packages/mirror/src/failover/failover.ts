/**
 * Moves from a mirror's source to its target, for good until it is failed back. Each step may be done again: whoever
 * was stopped begins anew, and goes on with what is not done.
 *
 * Planned: writers are fenced, their transactions end, all is copied; then nothing is missing. That goes for each topic
 * before its copying ends, also for those that are begun or made meanwhile, until none is found any more once the whole
 * mirror has ended. Forced: what is missing is told. Either way no worker of the mirror copies on: the target says so,
 * before the shards are taken from whoever has them. Workers that copy at least once can't be fenced: they are to end.
 */
import { isMillraceError, messageOf } from '@millrace/base';
import { type TopicPartition, unwrap } from '@millrace/client';
import { resolveOffsets } from '@millrace/client/protocol';
import { TargetTruncatedError } from '../copy/target-truncation.ts';
import { keptOffRules, rulesOf } from '../topics/topic-acls.ts';
import { carryGroups } from './carry-groups.ts';
import { closeShards, fenceJournals } from './close-shards.ts';
import { FailoverError } from './failover-errors.ts';
import { writeFailovers } from './failover-log.ts';
import type { FailoverOptions, FailoverPlan, FailoverResult } from './failover-options.ts';
import {
  type FailoverPoint,
  type FailoverState,
  isFailedOver,
  recordAfter,
  reverseNameOf,
  type TopicFailover,
  wholeMirror,
} from './failover-record.ts';
import { type ChosenTopic, MirrorEnds } from './mirror-ends.ts';
import { drainTopics } from './planned-drain.ts';
import { throwIfWorkersGoOn, throwIfWorkersRun, unfencedTopics } from './unfenced-workers.ts';
import { hasAuthorizer, planFence } from './writer-fence.ts';

interface KnownEnd {
  readonly end: number;
  /** Just now; else it was recorded when a planned failover began. */
  readonly isAsked: boolean;
}

/** What would be failed over; changes nothing. Rejects as `failover` does. */
export async function planFailover(options: FailoverOptions): Promise<FailoverPlan> {
  await using ends = new MirrorEnds(options);
  const topics = await ends.chosen({ unbegun: options.manner === 'planned' });
  const names = topics.map(({ topic }) => topic);
  const fence = options.manner === 'forced' ? undefined : await planFence(ends.source.admin, names, ends.bounds);
  return {
    topics: topics.map(({ partitions, ...names }) => ({ ...names, partitions: partitions.length })),
    unfenceable: fence?.unfenceable ?? [],
  };
}

/**
 * Fails a mirror over, or some of its topics. Rejects with `FailoverError` when a step can't be done, with
 * `OffsetsTopicError` when the target knows no such mirror, and with the client's errors; it may then be called again.
 */
export async function failover(options: FailoverOptions): Promise<FailoverResult> {
  await using ends = new MirrorEnds(options);
  return await new Failover(options, ends).run();
}

class Failover {
  readonly #options: FailoverOptions;
  readonly #ends: MirrorEnds;

  constructor(options: FailoverOptions, ends: MirrorEnds) {
    this.#options = options;
    this.#ends = ends;
  }

  async run(): Promise<FailoverResult> {
    const { name, manner } = this.#options;
    const isPlanned = manner === 'planned';
    const topics = await this.#ends.chosen({ unbegun: isPlanned });
    const before = await this.#ends.failovers();
    this.#throwIfNotAllowed(topics, before);
    const already = topics.filter(({ topic }) => before.get(topic)?.state === 'failed-over').length;
    const what = `${topics.length} topics of mirror ${name}, ${already} of them failed over already`;
    this.#ends.tell('begin', `${manner} failover of ${what}`);
    const done = await this.#closeAll();
    this.#tellMissing(done);
    const chosen = await this.#ends.withTargetPartitions(await this.#ends.chosen());
    const groups = await this.#source('groups', () => carryGroups(this.#options, this.#ends, chosen));
    await this.#source('grants', () => this.#liftGrants(chosen));
    return { mirror: name, manner, topics: done, groups: groups ?? [] };
  }

  #throwIfNotAllowed(topics: readonly ChosenTopic[], before: ReadonlyMap<string, TopicFailover>): void {
    const { name, manner } = this.#options;
    const back = topics.find(({ topic }) => before.get(topic)?.state === 'failing-back');
    if (back !== undefined) {
      const message = `topic ${back.topic} is copied by mirror ${reverseNameOf(name)} in the other direction`;
      throw new FailoverError('failover_topics_unknown', `${message}: fail that over`);
    }
    const forced = topics.find(({ topic }) => {
      const record = before.get(topic);
      return record?.state === 'closing' && record.manner === 'forced';
    });
    if (manner === 'forced' || forced === undefined) return;
    const message = `topic ${forced.topic} is being failed over by force, so that not all of it may be on the target`;
    throw new FailoverError('failover_begun_by_force', `${message}: go on with that`);
  }

  /** Ends the copying of all that is meant, also of what was begun or made meanwhile. */
  async #closeAll(): Promise<TopicFailover[]> {
    const drained = new Set<string>();
    let isEnded = false;
    for (;;) {
      const topics = await this.#ends.chosen({ unbegun: this.#options.manner === 'planned' });
      const before = await this.#ends.failovers();
      const open = topics.filter(({ topic }) => before.get(topic)?.state !== 'failed-over');
      const late = open.filter(({ topic }) => !drained.has(topic) && !isFailedOver(before.get(topic)));
      if (this.#options.manner === 'planned' && late.length > 0) {
        // What is left of them is to be copied yet.
        if (isFailedOver(before.get(wholeMirror))) await this.#recordWhole(before, 'draining');
        isEnded = false;
        await drainTopics(this.#options, this.#ends, late);
        for (const { topic } of late) drained.add(topic);
      } else if (open.length > 0) {
        await this.#close(await this.#ends.withTargetPartitions(open), before);
      } else if (this.#options.topics !== undefined || before.get(wholeMirror)?.state === 'failed-over') {
        return topics.map(({ topic }) => before.get(topic) as TopicFailover);
      } else if (isEnded) {
        await this.#recordWhole(before, 'failed-over');
      } else {
        await this.#recordWhole(before, 'closing');
        await this.#fenceJournals();
        isEnded = true;
      }
    }
  }

  async #recordWhole(before: ReadonlyMap<string, TopicFailover>, state: FailoverState): Promise<void> {
    const reached = { state, manner: this.#options.manner, at: this.#ends.now, points: [] };
    const names = { topic: wholeMirror, targetTopic: wholeMirror };
    await this.#record([recordAfter(before.get(wholeMirror), names, reached)]);
  }

  /** Nobody who asked before the end was recorded begins with a topic behind it, but who can't be fenced. */
  async #fenceJournals(): Promise<void> {
    const { target, offsetsTopic, journal, bounds } = this.#ends;
    const newest = await journal.newest();
    if (newest.every(({ chunk }) => chunk.producerId < 0)) return;
    await fenceJournals({ target: target.cluster, offsetsTopic, shards: await journal.shards(), bounds });
  }

  /** Ends the copying for good, and finds out where. */
  async #close(topics: readonly ChosenTopic[], before: ReadonlyMap<string, TopicFailover>): Promise<void> {
    const { target, offsetsTopic, journal, bounds } = this.#ends;
    const { manner } = this.#options;
    const sourceEnds = await this.#sourceEnds(topics, before);
    const unfenced = await unfencedTopics(this.#ends, topics);
    // Who can't be fenced is told of before it is too late to call it off.
    if (unfenced.length > 0) await throwIfWorkersRun(this.#ends);
    const at = this.#ends.now;
    await this.#record(
      topics.map((each) => {
        const record = before.get(each.topic);
        return recordAfter(record, each, { state: 'closing', manner, at, points: record?.points ?? [] });
      }),
    );
    // Whoever began before that was recorded shows within a session.
    if (unfenced.length > 0) await throwIfWorkersGoOn(this.#ends, unfenced, this.#options.unfencedMs);
    const places = topics
      .filter((each) => !unfenced.includes(each))
      .flatMap(({ partitions, ...names }) => partitions.map((partition) => ({ ...names, partition })));
    const shards = await journal.shards();
    // Planned, all is to be on the target: what it lost can be copied again yet.
    const lost = manner === 'forced' ? this.#tellLost : undefined;
    await closeShards({ target: target.cluster, offsetsTopic, shards, places, bounds, lost }).catch(
      async (error: unknown) => {
        if (!(error instanceof TargetTruncatedError)) throw error;
        await this.#reopen(topics, before);
        const next = 'let a worker copy it again (--truncated-target continue), and then fail over again';
        throw new FailoverError('failover_target_truncated', `${error.message}: ${next}`, error);
      },
    );
    const maps = await this.#ends.maps(topics);
    const closed = topics.map((each) => {
      const own = maps.filter(({ topic }) => topic === each.topic);
      const points = own.map(({ partition, confirmed }): FailoverPoint => {
        const known = sourceEnds.get(nameOf(each.topic, partition));
        // What was recorded earlier is out of date where more than that was copied.
        const isCurrent = known !== undefined && (known.isAsked || known.end >= confirmed.source);
        const sourceEnd = isCurrent ? known.end : null;
        return { partition, source: confirmed.source, target: confirmed.target, sourceEnd };
      });
      return recordAfter(before.get(each.topic), each, { state: 'failed-over', manner, at, points });
    });
    await this.#record(closed);
    this.#ends.tell('close', `${topics.length} topics are copied no more in this direction`);
  }

  /** Lets workers copy on what a planned failover found missing as it was to end. */
  async #reopen(topics: readonly ChosenTopic[], before: ReadonlyMap<string, TopicFailover>): Promise<void> {
    const { manner } = this.#options;
    const at = this.#ends.now;
    const isWhole = isFailedOver(before.get(wholeMirror));
    await this.#record(
      topics.map((each) => {
        const record = before.get(each.topic);
        return recordAfter(record, each, { state: 'draining', manner, at, points: record?.points ?? [] });
      }),
    );
    if (isWhole) await this.#recordWhole(before, 'draining');
  }

  readonly #tellLost = ({ topic, partition }: TopicPartition, loss: Error): void => {
    this.#ends.tell('missing', `${topic} [${partition}]: ${loss.message}`, 'warn');
  };

  /** Where the source ends, as far as anybody knows, by partition and topic. */
  async #sourceEnds(
    topics: readonly ChosenTopic[],
    before: ReadonlyMap<string, TopicFailover>,
  ): Promise<ReadonlyMap<string, KnownEnd>> {
    const { source, bounds } = this.#ends;
    const { manner, sourceMs = 5_000 } = this.#options;
    const known = new Map<string, KnownEnd>();
    for (const { topic } of topics) {
      for (const { partition, sourceEnd } of before.get(topic)?.points ?? []) {
        if (sourceEnd !== null) known.set(nameOf(topic, partition), { end: sourceEnd, isAsked: false });
      }
    }
    const within = manner === 'forced' ? { ...bounds, timeoutMs: sourceMs } : bounds;
    await this.#source('missing', async () => {
      const listed = await source.admin.listTopics({ ...within, internal: true });
      const counts = new Map(listed.map(({ topic, partitionCount }) => [topic, partitionCount]));
      const questions = topics.flatMap(({ topic, partitions }) => {
        const there = partitions.filter((partition) => partition < (counts.get(topic) ?? 0));
        return there.map((partition) => ({ topic, partition, at: 'latest' as const }));
      });
      const results = await resolveOffsets(source.cluster, questions, within);
      for (const [index, result] of results.entries()) {
        const { topic, partition } = questions[index] as TopicPartition;
        if (result.error === undefined) {
          known.set(nameOf(topic, partition), { end: result.value.offset, isAsked: true });
        } else if (manner === 'planned') throw result.error;
      }
    });
    return known;
  }

  #tellMissing(topics: readonly TopicFailover[]): void {
    for (const { topic, points } of topics) {
      for (const { partition, source, sourceEnd } of points) {
        const have = `${topic} [${partition}]: all before source offset ${source} is on the target`;
        if (sourceEnd === null) this.#ends.tell('missing', `${have}; where the source ended is not known`, 'warn');
        else if (sourceEnd > source) {
          const missing = `offsets ${source} to ${sourceEnd - 1} are missing`;
          this.#ends.tell('missing', `${have}; ${missing} (${sourceEnd - source})`, 'warn');
        }
      }
    }
  }

  /** Gives the target's topics what was kept off while they were mirrored. */
  async #liftGrants(topics: readonly ChosenTopic[]): Promise<void> {
    const { source, target, bounds } = this.#ends;
    const rules = await rulesOf(source.admin, bounds.signal);
    if (rules === undefined) return this.#ends.tell('grants', 'the source has no rules of who may write');
    if (!(await hasAuthorizer(target.admin, bounds))) {
      return this.#ends.tell('grants', 'the target asks nobody whether he may write');
    }
    const grants = keptOffRules(rules, topics);
    if (grants.length > 0) unwrap(await target.admin.createAcls(grants, bounds));
    this.#ends.tell('grants', `${grants.length} grants to write, change and delete are carried over to the target`);
  }

  /** What a forced failover does without where the source does not answer. */
  async #source<T>(step: 'missing' | 'groups' | 'grants', work: () => Promise<T>): Promise<T | undefined> {
    if (this.#options.manner === 'planned' || !this.#isSourceGone) {
      try {
        return await work();
      } catch (error) {
        if (this.#options.manner === 'planned' || !isMillraceError(error)) throw error;
        this.#isSourceGone = true;
        this.#ends.tell(step, `the source does not answer: ${messageOf(error)}`, 'warn');
      }
    }
    if (step === 'groups') this.#ends.tell(step, 'groups are where they were last carried over to', 'warn');
    if (step === 'grants') this.#ends.tell(step, 'grants to write are not known: grant them on the target', 'warn');
    return undefined;
  }

  #isSourceGone = false;

  #record(failovers: readonly TopicFailover[]): Promise<void> {
    return writeFailovers(this.#ends.target, this.#options.name, failovers, this.#ends.bounds);
  }
}

function nameOf(topic: string, partition: number): string {
  return `${partition} ${topic}`;
}
