/**
 * Moves from a mirror's source to its target, for good until it is failed back. Each step may be done again: whoever
 * was stopped begins anew, and goes on with what is not done.
 *
 * Planned: writers are fenced, their transactions end, all is copied; then nothing is missing. Forced: what is missing
 * is told. Either way no worker of the mirror copies on: the target says so, before the shards are taken from whoever
 * has them.
 */
import { isMillraceError, messageOf } from '@millrace/base';
import { type TopicPartition, unwrap } from '@millrace/client';
import { openCluster } from '@millrace/client/protocol';
import { GroupSync, type GroupSyncResult } from '../groups/group-sync.ts';
import { startMirror } from '../start-mirror.ts';
import { keptOffRules, rulesOf } from '../topics/topic-acls.ts';
import { closeShards } from './close-shards.ts';
import { drain } from './drain.ts';
import { FailoverError } from './failover-errors.ts';
import { writeFailovers } from './failover-log.ts';
import type { FailoverOptions, FailoverPlan, FailoverResult } from './failover-options.ts';
import { type FailoverPoint, reverseNameOf, type TopicFailover, wholeMirror } from './failover-record.ts';
import { type ChosenTopic, MirrorEnds } from './mirror-ends.ts';
import { endsOf, settleTransactions } from './open-transactions.ts';
import { confirmByProbe, confirmByRules, hasAuthorizer, planFence, raiseFence } from './writer-fence.ts';

/** What would be failed over; changes nothing. Rejects as `failover` does. */
export async function planFailover(options: FailoverOptions): Promise<FailoverPlan> {
  await using ends = new MirrorEnds(options);
  const topics = await ends.chosen();
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
    const topics = await this.#ends.chosen();
    const before = await this.#ends.failovers();
    const back = topics.find(({ topic }) => before.get(topic)?.state === 'failing-back');
    if (back !== undefined) {
      const message = `topic ${back.topic} is copied by mirror ${reverseNameOf(name)} in the other direction`;
      throw new FailoverError('failover_topics_unknown', `${message}: fail that over`);
    }
    const open = topics.filter(({ topic }) => before.get(topic)?.state !== 'failed-over');
    const already = topics.length - open.length;
    const what = `${topics.length} topics of mirror ${name}, ${already} of them failed over already`;
    this.#ends.tell('begin', `${manner} failover of ${what}`);
    const undrained = open.filter(({ topic }) => before.get(topic)?.state !== 'closing');
    if (manner === 'planned' && undrained.length > 0) await this.#drain(undrained, before);
    const sourceEnds = await this.#sourceEnds(open, before);
    const closed = open.length === 0 ? [] : await this.#close(open, before, sourceEnds);
    const done = topics.map(({ topic }) => {
      return closed.find((each) => each.topic === topic) ?? (before.get(topic) as TopicFailover);
    });
    this.#tellMissing(done);
    const groups = await this.#source('groups', () => this.#carryGroups(topics));
    await this.#source('grants', () => this.#liftGrants(topics));
    return { mirror: name, manner, topics: done, groups: groups ?? [] };
  }

  /** Until nothing is written any more, and all that was is on the target. */
  async #drain(topics: readonly ChosenTopic[], before: ReadonlyMap<string, TopicFailover>): Promise<void> {
    const { name, source: client, target: targetClient, stalledMs = 60_000 } = this.#options;
    const { source, target, journal, bounds } = this.#ends;
    const listed = await source.admin.listTopics({ ...bounds, internal: true });
    const there = listed.filter(({ topic }) => topics.some((each) => each.topic === topic));
    const names = there.map(({ topic }) => topic);
    if (names.length === 0) return;
    await this.#fence(names);
    const places = there.flatMap(({ topic, partitionCount }): TopicPartition[] =>
      Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition })),
    );
    await this.#settle(places);
    const found = await endsOf(source.cluster, places, 0, bounds);
    const partitions = places.map((place, index) => ({ ...place, end: found[index] ?? 0 }));
    const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
    await this.#record(
      topics.map((each) => {
        const points = (byTopic.get(each.topic) ?? []).map(({ partition, end }) => {
          return { partition, source: 0, target: 0, sourceEnd: end };
        });
        return this.#recordOf(each, 'draining', points, before);
      }),
    );
    this.#ends.tell('ends', `the ends of ${places.length} partitions of the source are recorded`);
    const tell = (sentence: string): void => this.#ends.tell('drain', sentence);
    const startWorker = () =>
      startMirror({
        name,
        source: client,
        target: targetClient,
        topics: names,
        rename: (topic) => topics.find((each) => each.topic === topic)?.targetTopic ?? topic,
        groups: [],
        acls: false,
        report: ({ level, message }) => void (level !== 'info' && this.#ends.tell('drain', message, 'warn')),
      });
    await drain({
      target: target.cluster,
      admin: target.admin,
      mirror: name,
      journal,
      partitions,
      stalledMs,
      startWorker,
      tell,
      bounds,
    });
    tell('all that the source holds is on the target');
  }

  async #fence(names: readonly string[]): Promise<void> {
    const { probe, fenceMs = 30_000, unfenced = false } = this.#options;
    const { source, bounds } = this.#ends;
    const plan = await planFence(source.admin, names, bounds);
    const { topics, unfenceable: free } = plan;
    if (free.length > 0 && !unfenced) {
      const message = `the source can't keep everybody from writing: not ${free.join(', nor ')}`;
      const next = 'see to it that they write no more, and say so (unfenced)';
      throw new FailoverError('failover_unfenced', `${message}; ${next}`);
    }
    if (free.length > 0) this.#ends.tell('fence', `not fenced, as told: ${free.join(', ')}`, 'warn');
    if (topics.length === 0) return;
    await raiseFence(source.admin, plan, bounds);
    await confirmByRules(source.cluster, topics, fenceMs, bounds);
    if (probe !== undefined) {
      const { client, cluster } = openCluster(probe);
      try {
        await confirmByProbe(cluster, topics, fenceMs, bounds);
      } finally {
        await client.close();
      }
    }
    const by = probe === undefined ? 'every broker knows the rule' : 'every leader refused the probe';
    this.#ends.tell('fence', `nobody may write to ${topics.length} topics of the source any more: ${by}`);
  }

  async #settle(places: readonly TopicPartition[]): Promise<void> {
    const { abortTransactions = false, transactionsMs = 60_000 } = this.#options;
    const { source, bounds } = this.#ends;
    const { cluster, admin } = source;
    const aborted = await settleTransactions(cluster, admin, places, transactionsMs, abortTransactions, bounds);
    const what = aborted === 0 ? 'no transaction is open' : `${aborted} open transactions were aborted`;
    this.#ends.tell('transactions', `${what} on the source's topics`);
  }

  /** Where the source ends, as far as anybody knows, by topic and partition. */
  async #sourceEnds(
    topics: readonly ChosenTopic[],
    before: ReadonlyMap<string, TopicFailover>,
  ): Promise<ReadonlyMap<string, number>> {
    const places = topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
    const { source, bounds } = this.#ends;
    const { manner, sourceMs = 5_000 } = this.#options;
    const known = new Map<string, number>();
    for (const { topic, points } of before.values()) {
      for (const { partition, sourceEnd } of points)
        if (sourceEnd !== null) known.set(`${partition} ${topic}`, sourceEnd);
    }
    const within = manner === 'forced' ? { ...bounds, timeoutMs: sourceMs } : bounds;
    const found = await this.#source('missing', () => endsOf(source.cluster, places, 0, within));
    for (const [index, end] of (found ?? []).entries()) {
      const { topic, partition } = places[index] as TopicPartition;
      known.set(`${partition} ${topic}`, end);
    }
    return known;
  }

  /** Ends the copying for good, and finds out where. */
  async #close(
    topics: readonly ChosenTopic[],
    before: ReadonlyMap<string, TopicFailover>,
    sourceEnds: ReadonlyMap<string, number>,
  ): Promise<TopicFailover[]> {
    const { target, offsetsTopic, journal, bounds } = this.#ends;
    const isWhole = this.#options.topics === undefined;
    const all = isWhole ? [...topics, { topic: wholeMirror, targetTopic: wholeMirror }] : topics;
    await this.#record(
      all.map((each) => this.#recordOf(each, 'closing', before.get(each.topic)?.points ?? [], before)),
    );
    const places = topics.flatMap(({ partitions, ...names }) =>
      partitions.map((partition) => ({ ...names, partition })),
    );
    await closeShards({ target: target.cluster, offsetsTopic, shards: await journal.shards(), places, bounds });
    const maps = await this.#ends.maps(topics);
    const closed = topics.map((each) => {
      const own = maps.filter(({ topic }) => topic === each.topic);
      const points = own.map(({ partition, confirmed }): FailoverPoint => {
        const sourceEnd = sourceEnds.get(`${partition} ${each.topic}`) ?? null;
        return { partition, source: confirmed.source, target: confirmed.target, sourceEnd };
      });
      return this.#recordOf(each, 'failed-over', points, before);
    });
    const whole = isWhole
      ? [this.#recordOf({ topic: wholeMirror, targetTopic: wholeMirror }, 'failed-over', [], before)]
      : [];
    await this.#record([...closed, ...whole]);
    this.#ends.tell('close', `${topics.length} topics are copied no more in this direction`);
    return closed;
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

  async #carryGroups(topics: readonly ChosenTopic[]): Promise<GroupSyncResult[]> {
    const { source, target } = this.#ends;
    const maps = await this.#ends.maps(topics);
    const sync = new GroupSync({
      source: source.admin,
      target: target.admin,
      direction: 'forward',
      groups: this.#options.groups,
      partitions: () => maps,
      report: ({ event, level, message }) => {
        this.#ends.tell('groups', message, level !== 'info' || event === 'group_live' ? 'warn' : 'info');
      },
    });
    return await sync.run(this.#options.signal ?? new AbortController().signal);
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

  #recordOf(
    { topic, targetTopic }: Pick<ChosenTopic, 'topic' | 'targetTopic'>,
    state: TopicFailover['state'],
    points: readonly FailoverPoint[],
    before: ReadonlyMap<string, TopicFailover>,
  ): TopicFailover {
    const { tails = [], sourceTails = [] } = before.get(topic) ?? {};
    const { manner } = this.#options;
    return { topic, targetTopic, state, manner, at: this.#ends.now, points, tails, sourceTails };
  }

  #record(failovers: readonly TopicFailover[]): Promise<void> {
    return writeFailovers(this.#ends.target.client, this.#options.name, failovers);
  }
}
