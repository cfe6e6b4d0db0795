/** A mirror that is failed over or back: its two clusters, its journals, and what the target says of its failover. */
import type { Admin, Client } from '@millrace/client';
import { type CallBounds, type Cluster, openCluster } from '@millrace/client/protocol';
import { mapOfChunks } from '../copy/chunk-map.ts';
import { JournalReader } from '../copy/journal-reader.ts';
import type { SyncedPartition } from '../groups/group-sync.ts';
import { isMatched, isNamed } from '../name-filter.ts';
import { Provenance } from '../provenance/provenance.ts';
import { refusal } from '../topics/loop-check.ts';
import { offsetsTopicOf } from '../topics/offsets-topic.ts';
import { isChosen } from '../topics/topic-sync.ts';
import { FailoverError } from './failover-errors.ts';
import { readFailovers } from './failover-log.ts';
import type { FailoverSides, FailoverStep } from './failover-options.ts';
import type { TopicFailover } from './failover-record.ts';

export interface End {
  readonly client: Client;
  readonly cluster: Cluster;
  readonly admin: Admin;
}

export interface ChosenTopic {
  /** On the source. */
  readonly topic: string;
  readonly targetTopic: string;
  /** Those that the mirror knows, ascending; of what was not begun yet, those of the source. */
  readonly partitions: readonly number[];
}

export class MirrorEnds implements AsyncDisposable {
  readonly options: FailoverSides;
  readonly bounds: CallBounds;
  readonly source: End;
  readonly target: End;
  readonly offsetsTopic: string;
  readonly journal: JournalReader;

  constructor(options: FailoverSides) {
    this.options = options;
    this.bounds = { timeoutMs: options.timeoutMs, signal: options.signal };
    const end = ({ client, cluster }: ReturnType<typeof openCluster>): End => {
      return { client, cluster, admin: client.admin() };
    };
    this.source = end(openCluster(options.source));
    this.target = end(openCluster(options.target));
    this.offsetsTopic = offsetsTopicOf(options.name);
    this.journal = new JournalReader(this.target.cluster, this.offsetsTopic, this.bounds);
  }

  /**
   * Names ascending. `unbegun`: topics on the source of which nothing was copied yet are among them, with their
   * partitions there: those that are named, and those that the mirror is to copy. Rejects with
   * `OffsetsTopicError`, `FailoverError` when there are none, and as the client does.
   */
  async chosen({ unbegun = false }: { readonly unbegun?: boolean } = {}): Promise<ChosenTopic[]> {
    const { name, topics, rename } = this.options;
    const known = Map.groupBy(await this.journal.partitions(), ({ topic }) => topic);
    const unknown = (): string[] => {
      return (topics ?? []).filter((each) => typeof each === 'string').filter((each) => !known.has(each));
    };
    // The mirror in the other direction knows the names by its records alone.
    const recorded = await this.failovers();
    const targetOf = (topic: string): string => recorded.get(topic)?.targetTopic ?? rename?.(topic) ?? topic;
    if (unbegun) {
      const isDue = await this.#unbegun([...known.keys()], targetOf);
      for (const { topic, partitionCount } of await this.source.admin.listTopics({ ...this.bounds, internal: true })) {
        if (known.has(topic) || !(unknown().includes(topic) || isDue(topic))) continue;
        const partitions = numbers(partitionCount).map((partition) => ({ topic, partition }));
        known.set(topic, partitions);
      }
    }
    const names = [...known.keys()].filter(
      (topic) => topics === undefined || isNamed(topics, topic) || isMatched(topics, topic),
    );
    const missing = unknown();
    if (missing.length > 0 || names.length === 0) {
      const what = missing.length === 0 ? 'no topics yet that are meant' : `no topic ${missing.join(', ')}`;
      throw new FailoverError('failover_topics_unknown', `mirror ${name} copies ${what}; check the names`);
    }
    return names.sort().map((topic) => {
      const partitions = (known.get(topic) ?? []).map(({ partition }) => partition);
      return {
        topic,
        targetTopic: targetOf(topic),
        partitions: partitions.sort((a, b) => a - b),
      };
    });
  }

  /** Tells which topics of the source the workers of the mirror would begin with sooner or later. */
  async #unbegun(known: readonly string[], targetOf: (topic: string) => string): Promise<(topic: string) => boolean> {
    const sides = { source: this.source, target: this.target };
    const { signal } = this.bounds;
    const provenance = new Provenance({ name: this.options.name, sides, isReversed: () => false, signal });
    await provenance.look();
    const { chosen, isSameCluster } = provenance;
    if (chosen === undefined) return () => false;
    const taken = new Map(known.map((topic) => [targetOf(topic), topic]));
    return (topic) => {
      const names = { topic, targetTopic: targetOf(topic) };
      if (!isChosen(chosen, topic)) return false;
      const cameBack = !isNamed(chosen, topic) && provenance.otherNameOf(names) !== undefined;
      return !cameBack && refusal(names, taken, chosen, isSameCluster) === undefined;
    };
  }

  failovers(): Promise<Map<string, TopicFailover>> {
    return readFailovers(this.target.cluster, this.options.name, this.bounds);
  }

  /** The topics with all partitions that the target has of them, whether or not they were begun. */
  async withTargetPartitions(topics: readonly ChosenTopic[]): Promise<ChosenTopic[]> {
    const listed = await this.target.admin.listTopics({ ...this.bounds, internal: true });
    const counts = new Map(listed.map(({ topic, partitionCount }) => [topic, partitionCount]));
    return topics.map(({ partitions, ...names }) => {
      const all = new Set([...partitions, ...numbers(counts.get(names.targetTopic) ?? 0)]);
      return { ...names, partitions: [...all].sort((a, b) => a - b) };
    });
  }

  /** The maps of the partitions as the journals tell them; those of which they know nothing are left out. */
  async maps(topics: readonly ChosenTopic[]): Promise<SyncedPartition[]> {
    const synced: SyncedPartition[] = [];
    const chunksOf = await this.journal.readAll();
    for (const { topic, targetTopic, partitions } of topics) {
      for (const partition of partitions) {
        const chunks = chunksOf({ topic, partition });
        const confirmed = chunks.at(-1)?.confirmed;
        if (confirmed === undefined) continue;
        synced.push({
          topic,
          partition,
          target: { topic: targetTopic, partition },
          map: mapOfChunks(chunks),
          confirmed,
        });
      }
    }
    return synced;
  }

  tell(step: FailoverStep['step'], sentence: string, level: FailoverStep['level'] = 'info'): void {
    this.options.tell?.({ step, level, sentence });
  }

  get now(): number {
    return this.target.cluster.settings.platform.clock.now();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.source.client.close(), this.target.client.close()]);
  }
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}
