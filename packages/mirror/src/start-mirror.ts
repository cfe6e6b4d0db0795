/** Starts a mirror: finds its topics on both sides, and copies the shards that the workers give to this one. */
import type { Timer } from '@millrace/base';
import type { Admin } from '@millrace/client';
import { openCluster } from '@millrace/client/protocol';
import { Audit } from './audit/audit.ts';
import { conversionLimitsDefault } from './batches/conversion-limits.ts';
import type { CopiedPartition } from './copy/copied-partition.ts';
import { assure, type Guarantee, UnfencedProducer } from './copy/guarantee.ts';
import type { PartitionCopy } from './copy/partition-copy.ts';
import { ShardCopy } from './copy/shard-copy.ts';
import { SourceReader } from './copy/source-reader.ts';
import { checkMemory, sourceReaderOptions } from './copy/source-reader-options.ts';
import { TargetWriter } from './copy/target-writer.ts';
import { FailoverCheck } from './failover/failover-check.ts';
import { type GroupSchedules, groupSchedules } from './groups/group-schedule.ts';
import type { GroupDirection, GroupSyncResult } from './groups/group-sync.ts';
import { OppositeMaps } from './groups/opposite-maps.ts';
import { checkRate, sharedLimit } from './limits/shared-limit.ts';
import type { Mirror, MirrorOptions, PartitionStatus } from './mirror.ts';
import { checkNames } from './mirror-errors.ts';
import type { MirrorEvent } from './mirror-event.ts';
import type { PartitionStandstill } from './offset-map/standstill.ts';
import { type MirrorSide, Provenance } from './provenance/provenance.ts';
import { Schedule } from './schedule.ts';
import { OwnedShards } from './sharing/owned-shards.ts';
import { sharingTimes } from './sharing/sharing-times.ts';
import { WorkerGroup } from './sharing/worker-group.ts';
import { statusOf } from './status/partition-status.ts';
import { FigureKeeper, type WorkerFigures } from './status/worker-figures.ts';
import { ensureOffsetsTopic, offsetsTopicOf, shardTransactionalIdOf } from './topics/offsets-topic.ts';
import { PlacesByShard } from './topics/places-by-shard.ts';
import { topicLimits } from './topics/topic-limits.ts';
import { type MirroredTopic, TopicSync } from './topics/topic-sync.ts';
import { unlessAborted } from './unless-aborted.ts';

const checkpointMs = 1000;
const topicIntervalMsDefault = 30_000;
const drainMs = 10_000;
const partitionBytesMax = 16 * 1024 * 1024;

/**
 * Starts a worker of a mirror. Resolves once its topics are known and what the workers gave to this one is being
 * copied. Rejects with `InvalidOptionError`, an error of `mirror-errors.ts` or `failover-errors.ts`, the client's
 * errors, `SharingUnreachableError`, or the signal's reason. `isStanding`: not for a worker that helps with some
 * topics, from which nobody is to take what the mirror copies.
 */
export async function startMirror(options: MirrorOptions, isStanding = true): Promise<Mirror> {
  checkNames(options.name, options.worker ?? '-');
  checkRate(options.bytesPerSecondMax);
  checkMemory(options.memoryBytesMax);
  const keeper = new FigureKeeper();
  const source = openCluster(keeper.hearing(options.source));
  const target = openCluster(keeper.hearing(options.target));
  const worker = new MirrorWorker(options, source, target, keeper);
  try {
    await unlessAborted(options.signal, worker.start(isStanding), () => worker.giveUpStarting());
    return worker;
  } catch (error) {
    await worker.close();
    throw error;
  }
}

class MirrorWorker implements Mirror {
  readonly guarantee: Guarantee;
  readonly #options: MirrorOptions;
  readonly #unfenced: UnfencedProducer | undefined;
  readonly #source: MirrorSide;
  readonly #target: MirrorSide;
  readonly #keeper: FigureKeeper;
  readonly #admins: { readonly source: Admin; readonly target: Admin };
  readonly #reader: SourceReader;
  readonly #writer: TargetWriter;
  readonly #groups: GroupSchedules;
  readonly #topicSync: TopicSync;
  readonly #topicSchedule: Schedule<void>;
  readonly #shards: OwnedShards;
  readonly #failovers: FailoverCheck;
  readonly #audit: Audit;
  readonly #provenance: Provenance;
  readonly #end = new AbortController();
  readonly #worker: string;
  #group: WorkerGroup | undefined;
  #offsetsTopic = '';
  #shardCount = 0;
  /** The partitions of each shard that has any. */
  #places: ReadonlyMap<number, readonly CopiedPartition[]> = new Map();
  #topics: readonly MirroredTopic[] = [];
  #placing = new PlacesByShard([], 'earliest');
  #checkpoints: Timer | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: MirrorOptions, source: MirrorSide, target: MirrorSide, keeper: FigureKeeper) {
    this.#options = options;
    this.guarantee = options.guarantee ?? 'exactly-once';
    if (this.guarantee === 'at-least-once') this.#unfenced = new UnfencedProducer(target.cluster, this.#end.signal);
    this.#source = source;
    this.#target = target;
    this.#keeper = keeper;
    this.#admins = { source: source.client.admin(), target: target.client.admin() };
    const limit = sharedLimit(options.bytesPerSecondMax, () => this.#group?.workers ?? 1);
    const report = (event: MirrorEvent): void => this.#report(event);
    this.#reader = new SourceReader(source.cluster, sourceReaderOptions(options, limit, report));
    this.#writer = new TargetWriter(target.cluster, { requestsMax: 5, requestBytesMax: 4 * 1024 * 1024 });
    this.#shards = new OwnedShards({
      platform: target.cluster.settings.platform,
      open: (shard, onLost) => this.#open(shard, onLost),
      report,
      onLost: () => this.#group?.joinAgain('another worker took a shard'),
    });
    const { clientId, platform } = target.cluster.settings;
    this.#worker = options.worker ?? `${clientId}-${Buffer.from(platform.randomness.bytes(6)).toString('base64url')}`;
    const { auditIntervalMs: intervalMs, replicationFactor } = options;
    this.#audit = new Audit({
      ...{ mirror: options.name, worker: this.#worker, client: target.client, platform, intervalMs, replicationFactor },
      copies: () => this.#copies,
      report,
    });
    this.#failovers = new FailoverCheck({ source: source.cluster, target: target.cluster }, options.name, report);
    const { isReversed } = this.#failovers;
    this.#provenance = new Provenance({ ...options, sides: { source, target }, isReversed, signal: this.#end.signal });
    this.#topicSync = new TopicSync(this.#admins, options, this.#provenance);
    this.#topicSchedule = new Schedule({
      timers: target.cluster.settings.platform.timers,
      pauseMs: options.topicIntervalMs ?? topicIntervalMsDefault,
      isIncomplete: () => this.#topicSync.isIncomplete,
      work: (signal) => this.#followTopics(signal),
      failed: (error) => {
        const message = `topics and what is set for them can't be carried over: ${error.message}; trying again`;
        this.#report({ level: 'warn', event: 'topics_failed', message, error });
      },
    });
    const { groups, groupIntervalMs } = options;
    const told = { partitions: () => this.#copies, report: (event: MirrorEvent) => this.#report(event) };
    const opposites = new OppositeMaps(source.cluster, this.#provenance);
    this.#groups = groupSchedules({ ...this.#admins, groups, groupIntervalMs, opposites, ...told }, platform.timers);
  }

  async start(isStanding: boolean): Promise<void> {
    await this.#failovers.throwIfFailedOver({});
    await assure(this.guarantee, this.#target.cluster, this.name, (event) => this.#report(event));
    const { name, shards, replicationFactor } = this.#options;
    this.#offsetsTopic = offsetsTopicOf(name);
    // A broker may not know yet what the controller has just made.
    const ensure = () => ensureOffsetsTopic(this.#admins.target, this.#offsetsTopic, shards, replicationFactor);
    const count = await this.#target.cluster.retrying({}, ensure);
    await this.#provenance.start();
    this.#topics = await this.#topicSync.start();
    if (isStanding) await this.#provenance.listChosen(this.#options.topics);
    this.#placing = new PlacesByShard(this.#topics, this.#options.begin ?? 'earliest');
    this.#shardCount = count;
    this.#places = this.#placing.of(this.#topics, count);
    this.#checkpointLater();
    await this.#join(count);
    this.#topicSchedule.soon();
    this.#groups.forward.start();
    this.#audit.start();
  }

  giveUpStarting(): void {
    if (this.#group === undefined) void Promise.allSettled([this.#source.client.close(), this.#target.client.close()]);
  }

  get name(): string {
    return this.#options.name;
  }

  get topics(): string[] {
    return this.#topics.map(({ topic }) => topic).sort();
  }

  get partitions(): number {
    return this.#topics.reduce((sum, { partitions }) => sum + partitions, 0);
  }

  get assignedPartitions(): number {
    const given = this.#shards.numbers.reduce((sum, shard) => sum + (this.#places.get(shard)?.length ?? 0), 0);
    return this.#shards.copies.reduce((left, { stoppedCount }) => left - stoppedCount, given);
  }

  status(): PartitionStatus[] {
    const now = this.#target.cluster.settings.platform.clock.now();
    return this.#copies.map((copy) => statusOf(copy, now));
  }

  standstills(): PartitionStandstill[] {
    return this.#shards.copies.flatMap(({ standstills }) => standstills);
  }

  figures(): WorkerFigures {
    return this.#keeper.figures();
  }

  syncTopics(): Promise<void> {
    return this.#topicSchedule.now();
  }

  syncGroups(direction: GroupDirection = 'forward'): Promise<GroupSyncResult[]> {
    return this.#groups[direction].now();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#checkpoints?.cancel();
    const { forward, back } = this.#groups;
    await Promise.all([this.#topicSchedule, forward, back].map((schedule) => schedule.close()));
    const late = new AbortController();
    const timer = this.#target.cluster.settings.platform.timers.after(drainMs, () => late.abort());
    this.#group?.retire();
    const copies = this.#copies;
    await this.#shards.close(late.signal);
    await this.#audit.close(copies, late.signal);
    timer.cancel();
    await this.#group?.close();
    this.#end.abort();
    this.#reader.close();
    this.#writer.close();
    await Promise.all([this.#source.client.close(), this.#target.client.close()]);
  }

  async #followTopics(signal: AbortSignal): Promise<void> {
    const topics = await this.#topicSync.run(signal, await this.#failovers.permission({ signal }));
    const before = this.#topics;
    if (topics.length === before.length && topics.every((topic, place) => topic === before[place])) return;
    this.#topics = topics;
    this.#places = this.#placing.of(topics, this.#shardCount);
    this.#shards.update((shard) => this.#places.get(shard) ?? []);
  }

  #open(shard: number, onLost: () => void): ShardCopy | undefined {
    const partitions = this.#places.get(shard);
    if (partitions === undefined) return undefined;
    return new ShardCopy({
      source: this.#source.cluster,
      target: this.#target.cluster,
      reader: this.#reader,
      writer: this.#writer,
      journal: { topic: this.#offsetsTopic, partition: shard },
      transactionalId: shardTransactionalIdOf(this.#offsetsTopic, shard),
      unfenced: this.#unfenced,
      partitions,
      limits: conversionLimitsDefault,
      partitionBytesMax,
      recreated: this.#options.recreatedTopics,
      truncatedTarget: this.#options.truncatedTarget,
      topicLimits: (topics, signal) => topicLimits(this.#admins.target, topics, signal),
      provenance: this.#provenance,
      permission: (bounds) => this.#failovers.permission(bounds),
      policies: this.#options,
      stored: (copy, batch) => {
        this.#keeper.copied(batch.records, batch.bytes);
        this.#audit.stored(copy, batch);
      },
      report: (event) => this.#report(event),
      onLost,
    });
  }

  async #join(shardCount: number): Promise<void> {
    const { cluster } = this.#target;
    this.#group = new WorkerGroup({
      target: cluster,
      name: this.name,
      worker: this.#worker,
      isNamed: this.#options.worker !== undefined,
      shardCount,
      partitionsByShard: (count) => this.#placing.counts(this.#topics, count),
      times: sharingTimes(this.#options.sharing),
      shards: this.#shards,
      report: (event) => this.#report(event),
    });
    await this.#group.start();
  }

  #checkpointLater(): void {
    const { clock, timers } = this.#target.cluster.settings.platform;
    this.#keeper.sample(clock.monotonic());
    this.#checkpoints = timers.after(checkpointMs, () => {
      this.#shards.sample();
      this.#checkpointLater();
    });
  }

  get #copies(): PartitionCopy[] {
    return this.#shards.copies.flatMap(({ copies }) => copies);
  }

  #report(event: MirrorEvent): void {
    this.#keeper.told(event);
    this.#options.report?.(event);
  }
}
