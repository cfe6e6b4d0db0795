/**
 * The copies of a shard from the moment it is opened until it is closed or opened again: under one producer epoch, with
 * one journal. It ends by itself when it is broken; who has opened it then halts it.
 */
import { messageOf, sleep, type Timer } from '@millrace/base';
import type { TopicPartition } from '@millrace/client';
import type { ProducerIdentity } from '@millrace/client/protocol';
import type { ConversionLimits, TargetLimits } from '../batches/conversion-limits.ts';
import { isSameStandstill, type Standstill } from '../offset-map/standstill.ts';
import type { CopyObserver } from '../status/copy-observer.ts';
import { type CopiedPartition, targetOf } from './copied-partition.ts';
import { CopyTroubles } from './copy-troubles.ts';
import { PartitionCopy } from './partition-copy.ts';
import type { PartitionCopyHost } from './partition-copy-host.ts';
import type { ResumeOptions } from './resume-options.ts';
import type { ResumePoint } from './resume-point.ts';
import { type NumberedChunk, ShardJournal } from './shard-journal.ts';
import type { SourceReader } from './source-reader.ts';
import type { TroublePolicies } from './source-trouble.ts';
import { TargetPartition } from './target-partition.ts';
import { TargetStalls } from './target-stalls.ts';
import { TargetShortenedError } from './target-truncation.ts';
import type { TargetWriter } from './target-writer.ts';

export interface ShardSessionOptions extends ResumeOptions {
  readonly reader: SourceReader;
  readonly writer: TargetWriter;
  /** The shard's partition of the mirror's offsets topic. */
  readonly journal: TopicPartition;
  readonly limits: ConversionLimits;
  readonly partitionBytesMax: number;
  readonly policies?: TroublePolicies | undefined;
  readonly stored: CopyObserver;
}

/** A partition whose target takes what it gets may always hold so much, so that it goes on. */
const partitionBytesMin = 64 * 1024;
/**
 * After so long a shard is opened again, if nothing else was the reason. Coordinators forget transactional ids that
 * nobody uses for `transactional.id.expiration.ms` (7 days by default), and with them whom a new owner would fence.
 */
const ownedMsMax = 6 * 60 * 60 * 1000;

export interface ShardTerms {
  readonly identity: ProducerIdentity;
  /** Whether the identity is listed as one that writes records which came to the source by mirrors. */
  readonly isRouted: boolean;
  /** Aborts what is asked of the clusters. */
  readonly signal: AbortSignal;
}

export class ShardSession {
  readonly identity: ProducerIdentity;
  /** Resolves when the shard is to be opened again, and rejects with what leaves a doubt about what is stored. */
  readonly ended: Promise<void>;
  readonly #options: ShardSessionOptions;
  readonly #end = Promise.withResolvers<void>();
  readonly #journal: ShardJournal;
  readonly #host: PartitionCopyHost;
  #targets: TargetPartition[];
  #copies: PartitionCopy[] = [];
  /** Those of `#copies` that are fetched no more. */
  readonly #retired = new Set<PartitionCopy>();
  readonly #timers = new Set<Timer>();
  readonly #troubles: CopyTroubles;
  readonly #stalls = new TargetStalls((target, ms) => {
    const copy = this.#copies.find((each) => each.target === target);
    this.#troubles.stalled(target, copy, ms);
  });
  #isHalted = false;
  /** Nothing is fetched any more. */
  #isDraining = false;
  #needsRoutes = false;

  constructor(options: ShardSessionOptions, { identity, isRouted, signal }: ShardTerms) {
    const { reader, writer, journal, limits, partitionBytesMax, target, stored, report } = options;
    const { clock, timers } = target.settings.platform;
    this.#options = options;
    this.identity = identity;
    this.ended = this.#end.promise;
    this.ended.catch(() => undefined);
    const offer = (partition: TargetPartition): void => writer.offer(partition);
    const journalTarget = new TargetPartition(journal, identity, clock.monotonic(), (error) => this.breakOff(error));
    this.#targets = [journalTarget];
    this.#journal = new ShardJournal(journalTarget, () => clock.now(), offer);
    this.#host = {
      limits,
      bytesMax: (isHeldUp) => {
        return Math.min(partitionBytesMax, Math.max(isHeldUp ? 0 : partitionBytesMin, reader.memory.shareBytes));
      },
      now: () => clock.now(),
      stored,
      announce: (copy) => this.#journal.announce(copy),
      offer: (copy) => offer(copy.target),
      room: () => reader.poke(),
      isRouted,
      routed: () => {
        this.#needsRoutes = true;
        this.openAgain();
      },
      unjudged: ({ topic, partition }, error) => {
        const message = `where records of ${topic} [${partition}] came from is not known: ${messageOf(error)}`;
        report({
          level: 'warn',
          event: 'origins_failed',
          message: `${message}; trying again`,
          topic,
          partition,
          error,
        });
      },
      foreign: (copy, gap) => options.foreign.met(copy, gap),
      rest: () => new Promise((resolve) => timers.soon(resolve)),
      shortened: ({ target: place, confirmed }, offset) => {
        this.breakOff(new TargetShortenedError(place, offset, confirmed.target));
      },
      failed: (copy, error) => this.#troubles.sourceFailed(copy, error),
    };
    this.#troubles = new CopyTroubles(options, {
      signal,
      later: (ms, work) => this.later(ms, work),
      breakOff: (error) => this.breakOff(error),
      isWanted: (copy) => !this.#isHalted && !this.#isDraining && !this.#retired.has(copy),
      renew: (copy, limits) => this.#renew(copy, limits),
    });
    this.later(ownedMsMax, () => this.openAgain());
  }

  /** What is fetched. */
  get copies(): readonly PartitionCopy[] {
    return this.#copies.filter((copy) => !this.#retired.has(copy));
  }

  /** Whether it ended because its identity is to be listed as one that writes what came by mirrors. */
  get needsRoutes(): boolean {
    return this.#needsRoutes;
  }

  get isHalted(): boolean {
    return this.#isHalted;
  }

  /** Begins to copy, unless it is to end. */
  begin(resumes: ReadonlyMap<CopiedPartition, ResumePoint>): void {
    if (this.#isDraining) return;
    const now = this.#options.target.settings.platform.clock.monotonic();
    const copies = [...resumes].map(([place, resume]) => {
      const failed = (error: Error): void => this.#troubles.targetFailed(copy, error);
      // Where no marker was written the leader may take any number as the first, also that of a later batch.
      const isHeard = resume.chunk > 0 && resume.sequence === undefined && this.identity.isTransactional;
      const heardAt = isHeard ? now : Number.NEGATIVE_INFINITY;
      const partition = new TargetPartition(targetOf(place), this.identity, heardAt, failed, resume.sequence);
      const copy = new PartitionCopy(place, partition, resume, this.#host);
      return copy;
    });
    this.#copies.push(...copies);
    this.#targets.push(...copies.map((copy) => copy.target));
    for (const copy of copies) {
      this.#troubles.began(copy);
      copy.begin();
    }
    for (const copy of copies) this.#options.reader.add(copy);
  }

  /** Writes down why a partition is not copied of which the journal knows; `newest`: what it says last. */
  stand(place: CopiedPartition, newest: NumberedChunk | undefined, standstill: Standstill): void {
    if (newest === undefined || isSameStandstill(newest.value.standstill, standstill)) return;
    this.#journal.note(place, { ...newest, value: { ...newest.value, standstill } });
  }

  /** Fetches a copy no more; what was fetched of it is stored. */
  retire(copy: PartitionCopy): void {
    this.#options.reader.remove(copy);
    this.#retired.add(copy);
  }

  /** Looks once a second at how the copies come along: tells of what stands still, and writes down how far they are. */
  sample(): void {
    this.#stalls.look(this.#targets, this.#options.target.settings.platform.clock.monotonic());
    this.checkpoint();
  }

  /** Writes down how far the copies have come. */
  checkpoint(): void {
    for (const copy of this.#copies) if (copy.needsCheckpoint) this.#journal.announce(copy);
  }

  openAgain(): void {
    this.#end.resolve();
  }

  breakOff(error: Error): void {
    this.#end.reject(error);
  }

  /**
   * Fetches no more, whatever becomes of troubles that are being judged, and resolves when what was fetched is stored
   * and written down, also what is still being converted; or when `signal` aborts.
   */
  async drain(signal: AbortSignal): Promise<void> {
    this.#isDraining = true;
    for (const copy of this.#copies) this.#options.reader.remove(copy);
    await this.#settled(signal);
    this.checkpoint();
    // What a checkpoint announces is pushed in a microtask.
    await Promise.resolve();
    await this.#settled(signal);
  }

  /** Ends it; resolves when nothing is under way any more. */
  async halt(): Promise<void> {
    this.#isHalted = true;
    for (const timer of this.#timers) timer.cancel();
    for (const copy of this.#copies) this.#options.reader.remove(copy);
    await Promise.all(this.#targets.map((target) => target.halt()));
  }

  async #settled(signal: AbortSignal): Promise<void> {
    const { timers } = this.#options.target.settings.platform;
    const isUnderWay = (): boolean =>
      this.#copies.some(({ isTaking }) => isTaking) ||
      this.#targets.some(({ bytes, isStopped }) => bytes > 0 && !isStopped);
    while (!signal.aborted && isUnderWay()) {
      await sleep(timers, 5, signal).catch(() => undefined);
    }
  }

  /** Another copy goes on where one ended. */
  #renew(copy: PartitionCopy, limits: TargetLimits | undefined): void {
    const { topic, partition, topicId, target } = copy;
    this.retire(copy);
    this.#copies = this.#copies.filter((each) => each !== copy);
    this.#targets = this.#targets.filter((each) => each !== target);
    const place: CopiedPartition = { topic, partition, topicId, targetTopic: target.topic, begin: 'earliest' };
    this.begin(new Map([[place, { ...copy.resume, ...limits }]]));
  }

  /** Has work done after a time, unless it is halted by then. */
  later(ms: number, work: () => void): void {
    if (this.#isHalted) return;
    const timer = this.#options.target.settings.platform.timers.after(ms, () => {
      this.#timers.delete(timer);
      work();
    });
    this.#timers.add(timer);
  }
}
