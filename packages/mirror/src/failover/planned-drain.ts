/**
 * What comes before a planned failover: nobody writes to the source's topics any more, and all that was written there
 * is on the target. Each step may be done again.
 */
import type { TopicPartition } from '@millrace/client';
import { openCluster } from '@millrace/client/protocol';
import type { MirrorEvent } from '../mirror-event.ts';
import { startMirror } from '../start-mirror.ts';
import { type DrainedPartition, drain } from './drain.ts';
import { FailoverError } from './failover-errors.ts';
import { writeFailovers } from './failover-log.ts';
import type { FailoverOptions } from './failover-options.ts';
import { recordAfter, type TopicFailover } from './failover-record.ts';
import type { ChosenTopic, MirrorEnds } from './mirror-ends.ts';
import { endsOf, settleTransactions } from './open-transactions.ts';
import { confirmByProbe, confirmByRules, planFence, raiseFence } from './writer-fence.ts';

/** Drains these topics. Rejects with `FailoverError` when a step can't be done, and as the client and a worker do. */
export async function drainTopics(
  options: FailoverOptions,
  ends: MirrorEnds,
  topics: readonly ChosenTopic[],
): Promise<void> {
  await new PlannedDrain(options, ends, await ends.failovers()).run(topics);
}

class PlannedDrain {
  readonly #options: FailoverOptions;
  readonly #ends: MirrorEnds;
  readonly #before: ReadonlyMap<string, TopicFailover>;

  constructor(options: FailoverOptions, ends: MirrorEnds, before: ReadonlyMap<string, TopicFailover>) {
    this.#options = options;
    this.#ends = ends;
    this.#before = before;
  }

  async run(topics: readonly ChosenTopic[]): Promise<void> {
    const { source, bounds } = this.#ends;
    const listed = await source.admin.listTopics({ ...bounds, internal: true });
    const there = listed.filter(({ topic }) => topics.some((each) => each.topic === topic));
    const names = there.map(({ topic }) => topic);
    if (names.length === 0) return;
    await this.#fence(names);
    const places = there.flatMap(({ topic, partitionCount }): TopicPartition[] =>
      Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition })),
    );
    await this.#settle(places);
    const found = await endsOf(source.cluster, places, 'log', bounds);
    const partitions = places.map((place, index) => ({ ...place, end: found[index] ?? 0 }));
    await this.#record(topics, partitions);
    this.#ends.tell('ends', `the ends of ${places.length} partitions of the source are recorded`);
    await this.#copyRest(topics, names, partitions);
    await this.#throwIfWritten(partitions);
    this.#ends.tell('drain', 'all that the source holds is on the target');
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

  async #record(topics: readonly ChosenTopic[], partitions: readonly DrainedPartition[]): Promise<void> {
    const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
    const { name, manner } = this.#options;
    const records = topics.map((each) => {
      const points = (byTopic.get(each.topic) ?? []).map(({ partition, end }) => {
        return { partition, source: 0, target: 0, sourceEnd: end };
      });
      const reached = { state: 'draining', manner, at: this.#ends.now, points } as const;
      return recordAfter(this.#before.get(each.topic), each, reached);
    });
    await writeFailovers(this.#ends.target, name, records, this.#ends.bounds);
  }

  async #copyRest(
    topics: readonly ChosenTopic[],
    names: readonly string[],
    partitions: readonly DrainedPartition[],
  ): Promise<void> {
    const { name, source, target: targetClient, stalledMs = 60_000 } = this.#options;
    const { target, journal, bounds } = this.#ends;
    const rename = (topic: string): string => topics.find((each) => each.topic === topic)?.targetTopic ?? topic;
    const report = ({ level, message }: MirrorEvent): void => {
      if (level !== 'info') this.#ends.tell('drain', message, 'warn');
    };
    const work = { name, source, target: targetClient, topics: names, rename, groups: [], acls: false, report };
    const startWorker = () => startMirror(work, false);
    const tell = (sentence: string): void => this.#ends.tell('drain', sentence);
    const { cluster, admin } = target;
    await drain({ target: cluster, admin, mirror: name, journal, partitions, stalledMs, startWorker, tell, bounds });
  }

  /** What came behind the ends that were recorded would be lost. */
  async #throwIfWritten(partitions: readonly DrainedPartition[]): Promise<void> {
    const { source, bounds } = this.#ends;
    const now = await endsOf(source.cluster, partitions, 'log', bounds);
    const written = partitions.filter(({ end }, index) => (now[index] ?? end) > end);
    if (written.length === 0) return;
    const named = written.slice(0, 5).map(({ topic, partition }) => `${topic} [${partition}]`);
    const message = `somebody has written to ${named.join(', ')} on the source since its end was recorded`;
    throw new FailoverError('failover_still_written', `${message}: stop who writes there, and begin again`);
  }
}
