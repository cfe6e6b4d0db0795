/**
 * The copies of one shard's partitions, from taking the shard over to giving it up. All that is written for it carries
 * the producer id of the shard's transactional id, so that whoever takes it over fences all of it.
 *
 * Whatever goes wrong in a way that leaves a doubt about what is stored, the shard is opened again by the same way as
 * at the first time: take over, read the journal, find out where each partition goes on.
 */
import { isMillraceError, messageOf, sleep } from '@millrace/base';
import type { TopicPartition } from '@millrace/client';
import { backoffMs, type CallBounds, type Cluster, type ProducerIdentity } from '@millrace/client/protocol';
import type { ConversionLimits } from '../batches/conversion-limits.ts';
import type { MirrorReport } from '../mirror-event.ts';
import { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
import { fence, isFenced, takeOver } from './fencing.ts';
import { boundOf, scanLog } from './log-scan.ts';
import { PartitionCopy, type PartitionCopyHost, type ResumePoint } from './partition-copy.ts';
import { recoverPartition } from './recover-partition.ts';
import { JournalContent, ShardJournal } from './shard-journal.ts';
import type { SourceReader } from './source-reader.ts';
import { TargetPartition } from './target-partition.ts';
import type { TargetWriter } from './target-writer.ts';

/** A partition of the source and where it is copied to. */
export interface CopiedPartition extends TopicPartition {
  readonly topicId: string;
  readonly targetTopic: string;
  /** Where to begin when nothing was copied yet. */
  readonly begin: 'earliest' | 'latest';
}

export interface ShardCopyOptions {
  readonly source: Cluster;
  readonly target: Cluster;
  readonly reader: SourceReader;
  readonly writer: TargetWriter;
  /** The shard's partition of the mirror's offsets topic. */
  readonly journal: TopicPartition;
  readonly transactionalId: string;
  readonly partitions: readonly CopiedPartition[];
  readonly limits: ConversionLimits;
  readonly partitionBytesMax: number;
  readonly report: MirrorReport;
  /** Another process has taken the shard over: nothing is copied any more. */
  readonly onLost: () => void;
}

/** How many partitions are looked into at once. */
const recoveringMax = 16;

export class ShardCopy {
  readonly #options: ShardCopyOptions;
  readonly #abort = new AbortController();
  #journal: ShardJournal | undefined;
  #copies: PartitionCopy[] = [];
  #targets: TargetPartition[] = [];
  #running: Promise<void> | undefined;

  constructor(options: ShardCopyOptions) {
    this.#options = options;
  }

  get copies(): readonly PartitionCopy[] {
    return this.#copies;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Writes down how far the copies have come. */
  checkpoint(): void {
    for (const copy of this.#copies) if (copy.needsCheckpoint) this.#journal?.announce(copy);
  }

  /** Stops copying; resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  /** Fetches no more, and resolves when what was fetched is stored and written down. */
  async drain(signal: AbortSignal): Promise<void> {
    const { timers } = this.#options.target.settings.platform;
    for (const copy of this.#copies) this.#options.reader.remove(copy);
    while (!signal.aborted && this.#targets.some(({ bytes, isStopped }) => bytes > 0 && !isStopped)) {
      await sleep(timers, 5, signal).catch(() => undefined);
    }
    this.checkpoint();
    // What a checkpoint announces is pushed in a microtask.
    await Promise.resolve();
    while (!signal.aborted && this.#targets.some(({ bytes, isStopped }) => bytes > 0 && !isStopped)) {
      await sleep(timers, 5, signal).catch(() => undefined);
    }
  }

  async #run(): Promise<void> {
    const { target, report, journal, onLost } = this.#options;
    const { platform } = target.settings;
    const { signal } = this.#abort;
    for (let failures = 0; !signal.aborted; ) {
      const broken = Promise.withResolvers<never>();
      broken.promise.catch(() => undefined);
      try {
        await this.#open(broken.reject);
        failures = 0;
        await Promise.race([broken.promise, aborted(signal)]);
      } catch (error) {
        if (!signal.aborted) {
          if (!isMillraceError(error)) throw error;
          if (isFenced(error)) {
            await this.#halt();
            return onLost();
          }
          failures += 1;
          const message = `shard ${journal.partition} is opened again: ${messageOf(error)}`;
          report({ level: error.retriable ? 'warn' : 'error', event: 'shard_reopened', message, error });
          await this.#halt();
          const pauseMs = backoffMs(target.settings, failures, platform.randomness);
          await sleep(platform.timers, pauseMs, signal).catch(() => undefined);
        }
      }
    }
    await this.#halt();
  }

  async #open(onBroken: (error: Error) => void): Promise<void> {
    const { target, journal, transactionalId, partitions, report } = this.#options;
    const bounds: CallBounds = { signal: this.#abort.signal };
    const identity = await takeOver(target, transactionalId, [journal], bounds);
    const content = await readJournal(target, journal, identity, bounds);
    const known = partitions.filter((place) => content.chunksOf(place).length > 0);
    await fence(target, transactionalId, identity, known.map(targetOf), bounds);
    const resumes = new Map<CopiedPartition, ResumePoint>();
    const queue = [...partitions];
    const work = async (): Promise<void> => {
      for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
        resumes.set(place, await this.#resumePoint(place, content, identity, bounds));
      }
    };
    await Promise.all(Array.from({ length: recoveringMax }, work));
    this.#begin(identity, resumes, onBroken);
    const message = `shard ${journal.partition} is copied from here on: ${partitions.length} partitions`;
    report({ level: 'info', event: 'shard_opened', message });
  }

  async #resumePoint(
    place: CopiedPartition,
    content: JournalContent,
    identity: ProducerIdentity,
    bounds: CallBounds,
  ): Promise<ResumePoint> {
    const { source, target, report } = this.#options;
    const chunks = content.chunksOf(place);
    const { topic, partition } = place;
    if (chunks.length === 0) {
      const begin = await boundOf(source, { topic, partition }, place.begin, bounds);
      const end = await boundOf(target, targetOf(place), 'latest', bounds);
      return { source: begin, target: end, map: new PartitionOffsetMap(), chunk: 0 };
    }
    const recovered = await recoverPartition(target, targetOf(place), chunks, identity, bounds);
    if (recovered.foreignRecords > 0) {
      const message = `${recovered.foreignRecords} records of somebody else lie in ${place.targetTopic} [${partition}]`;
      report({
        level: 'error',
        event: 'foreign_write',
        message: `${message}, which this mirror copies to`,
        topic,
        partition,
      });
    }
    return recovered;
  }

  #begin(
    identity: ProducerIdentity,
    resumes: ReadonlyMap<CopiedPartition, ResumePoint>,
    onBroken: (error: Error) => void,
  ): void {
    const { reader, writer, journal, limits, partitionBytesMax, target } = this.#options;
    const { clock } = target.settings.platform;
    const now = clock.monotonic();
    const offer = (partition: TargetPartition): void => writer.offer(partition);
    const journalTarget = new TargetPartition(journal, identity, now, onBroken);
    const shardJournal = new ShardJournal(journalTarget, () => clock.now(), offer);
    const host: PartitionCopyHost = {
      limits,
      bytesMax: partitionBytesMax,
      announce: (copy) => shardJournal.announce(copy),
      offer: (copy) => offer(copy.target),
      room: () => reader.poke(),
      failed: (_copy, error) => onBroken(error),
    };
    this.#journal = shardJournal;
    this.#copies = [...resumes].map(([place, resume]) => {
      return new PartitionCopy(place, new TargetPartition(targetOf(place), identity, now, onBroken), resume, host);
    });
    this.#targets = [journalTarget, ...this.#copies.map((copy) => copy.target)];
    for (const copy of this.#copies) copy.begin();
    for (const copy of this.#copies) reader.add(copy);
  }

  async #halt(): Promise<void> {
    for (const copy of this.#copies) this.#options.reader.remove(copy);
    await Promise.all(this.#targets.map((target) => target.halt()));
    this.#copies = [];
    this.#targets = [];
    this.#journal = undefined;
  }
}

function targetOf({ targetTopic, partition }: CopiedPartition): TopicPartition {
  return { topic: targetTopic, partition };
}

/** What the journal holds before the marker of its new owner. */
async function readJournal(
  cluster: Cluster,
  journal: TopicPartition,
  { producerId, epoch }: ProducerIdentity,
  bounds: CallBounds,
): Promise<JournalContent> {
  const content = new JournalContent();
  for await (const batch of scanLog(cluster, journal, 0, bounds)) {
    if (batch.isControl && batch.producerId === producerId && batch.producerEpoch === epoch) break;
    content.add(batch);
  }
  return content;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
