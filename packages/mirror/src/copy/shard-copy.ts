/**
 * The copies of one shard's partitions, from taking the shard over to giving it up. All that is written for it carries
 * the producer id of the shard's transactional id, so that whoever takes it over fences all of it.
 *
 * Whatever goes wrong in a way that leaves a doubt about what is stored, the shard is opened again by the same way as
 * at the first time: take over, read the journal, find out where each partition goes on.
 */
import { isMillraceError, type MillraceError, messageOf, sleep, type Timer } from '@millrace/base';
import type { TopicPartition } from '@millrace/client';
import { backoffMs, type CallBounds, type ProducerIdentity } from '@millrace/client/protocol';
import type { ConversionLimits } from '../batches/conversion-limits.ts';
import type { CopyObserver } from '../status/copy-observer.ts';
import { type CopiedPartition, identityOf, nameOf, targetOf } from './copied-partition.ts';
import { fence, isFenced, leavesOpen, takeOver } from './fencing.ts';
import { PartitionCopy, type PartitionCopyHost, type ResumePoint } from './partition-copy.ts';
import { permitted, type ResumeOptions, readJournal, resumePoints } from './resume-points.ts';
import { JournalContent, ShardJournal } from './shard-journal.ts';
import type { SourceReader } from './source-reader.ts';
import { judgeTrouble, type TroublePolicies } from './source-trouble.ts';
import { TargetPartition } from './target-partition.ts';
import type { TargetWriter } from './target-writer.ts';

export interface ShardCopyOptions extends ResumeOptions {
  readonly reader: SourceReader;
  readonly writer: TargetWriter;
  /** The shard's partition of the mirror's offsets topic. */
  readonly journal: TopicPartition;
  readonly transactionalId: string;
  readonly partitions: readonly CopiedPartition[];
  readonly limits: ConversionLimits;
  readonly partitionBytesMax: number;
  readonly policies?: TroublePolicies | undefined;
  readonly stored: CopyObserver;
  /** Another process has taken the shard over: nothing is copied any more. */
  readonly onLost: () => void;
}

/** After so long what could not be copied is tried again. */
const troubleRetryMs = 60_000;

/** The time from opening the shard until it is closed or opened again. */
interface Session {
  readonly identity: ProducerIdentity;
  readonly host: PartitionCopyHost;
  readonly onBroken: (error: Error) => void;
  /** Has the shard opened again. */
  readonly again: () => void;
  /** The partitions of which the journal may know something. */
  readonly known: Set<string>;
  readonly opened: Set<string>;
  /** Those of `opened` that are not copied, by a policy. */
  readonly stopped: Set<string>;
  readonly timers: Set<Timer>;
}

export class ShardCopy {
  readonly #options: ShardCopyOptions;
  readonly #abort = new AbortController();
  #journal: ShardJournal | undefined;
  #partitions: readonly CopiedPartition[];
  #session: Session | undefined;
  #copies: PartitionCopy[] = [];
  /** Those of `#copies` that are fetched no more. */
  readonly #retired = new Set<PartitionCopy>();
  #targets: TargetPartition[] = [];
  #running: Promise<void> | undefined;

  constructor(options: ShardCopyOptions) {
    this.#options = options;
    this.#partitions = options.partitions;
  }

  get copies(): readonly PartitionCopy[] {
    return this.#copies.filter((copy) => !this.#retired.has(copy));
  }

  /** How many of the shard's partitions are not copied any more, by a policy. */
  get stoppedCount(): number {
    return this.#session?.stopped.size ?? 0;
  }

  /**
   * Copies these partitions instead of those before. What stays is not disturbed, unless one is new of which the
   * journal knows something: then the shard is opened again.
   */
  update(partitions: readonly CopiedPartition[]): void {
    this.#partitions = partitions;
    const session = this.#session;
    if (session === undefined) return;
    this.#follow(session).catch(session.onBroken);
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
      const broken = Promise.withResolvers<void>();
      broken.promise.catch(() => undefined);
      try {
        await this.#open(broken.reject, broken.resolve);
        failures = 0;
        await Promise.race([broken.promise, aborted(signal)]);
        await this.#halt();
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

  async #open(onBroken: (error: Error) => void, again: () => void): Promise<void> {
    const { target, journal, transactionalId, report } = this.#options;
    const partitions = this.#partitions;
    const bounds: CallBounds = { signal: this.#abort.signal };
    const identity = await takeOver(target, transactionalId, [journal], bounds);
    const content = await readJournal(target, journal, identity, bounds);
    const copied = await permitted(this.#options, partitions, bounds);
    const fenced = copied.filter((place) => content.chunksOf(place).length > 0);
    await fence(target, transactionalId, identity, fenced.map(targetOf), bounds);
    const resumes = await resumePoints(this.#options, copied, content, identity, bounds);
    const known = new Set([...content.partitions, ...partitions].map(nameOf));
    const opened = new Set(partitions.map(identityOf));
    const session = {
      identity,
      host: this.#hostOf(identity, onBroken),
      onBroken,
      again,
      known,
      opened,
      stopped: new Set<string>(),
      timers: new Set<Timer>(),
    };
    this.#session = session;
    this.#begin(session, partitions, resumes);
    const message = `shard ${journal.partition} is copied from here on: ${partitions.length} partitions`;
    report({ level: 'info', event: 'shard_opened', message });
    // The list may have changed meanwhile.
    await this.#follow(session);
  }

  /** Brings what is copied in line with what shall be. */
  async #follow(session: Session): Promise<void> {
    const partitions = this.#partitions;
    const wanted = new Set(partitions.map(identityOf));
    for (const copy of this.copies) {
      const { topic, partition, topicId, target } = copy;
      if (wanted.has(identityOf({ topic, partition, topicId, targetTopic: target.topic }))) continue;
      this.#options.reader.remove(copy);
      this.#retired.add(copy);
    }
    for (const identity of [...session.opened].filter((each) => !wanted.has(each))) {
      session.opened.delete(identity);
      session.stopped.delete(identity);
    }
    const added = partitions.filter((place) => !session.opened.has(identityOf(place)));
    // Whoever had a partition before is to be fenced there, and where its copy goes on to be found out.
    if (added.some((place) => session.known.has(nameOf(place)))) return session.again();
    for (const place of added) {
      session.known.add(nameOf(place));
      session.opened.add(identityOf(place));
    }
    const bounds: CallBounds = { signal: this.#abort.signal };
    const copied = await permitted(this.#options, added, bounds);
    const resumes = await resumePoints(this.#options, copied, new JournalContent(), session.identity, bounds);
    if (this.#session !== session) return;
    this.#begin(session, added, resumes);
    if (this.#partitions !== partitions) await this.#follow(session);
  }

  #hostOf(identity: ProducerIdentity, onBroken: (error: Error) => void): PartitionCopyHost {
    const { reader, writer, journal, limits, partitionBytesMax, target, stored } = this.#options;
    const { clock, timers } = target.settings.platform;
    const offer = (partition: TargetPartition): void => writer.offer(partition);
    const journalTarget = new TargetPartition(journal, identity, clock.monotonic(), onBroken);
    const shardJournal = new ShardJournal(journalTarget, () => clock.now(), offer);
    this.#journal = shardJournal;
    this.#targets.push(journalTarget);
    return {
      limits,
      bytesMax: partitionBytesMax,
      now: () => clock.now(),
      stored,
      announce: (copy) => shardJournal.announce(copy),
      offer: (copy) => offer(copy.target),
      room: () => reader.poke(),
      rest: () => new Promise((resolve) => timers.soon(resolve)),
      failed: (copy, error) => this.#sourceFailed(copy, error),
    };
  }

  #begin(
    { identity, host, onBroken, stopped }: Session,
    places: readonly CopiedPartition[],
    resumes: ReadonlyMap<CopiedPartition, ResumePoint>,
  ): void {
    for (const place of places) if (!resumes.has(place)) stopped.add(identityOf(place));
    const now = this.#options.target.settings.platform.clock.monotonic();
    const copies = [...resumes].map(([place, resume]) => {
      const failed = (error: Error): void => this.#targetFailed(place, error, onBroken);
      return new PartitionCopy(place, new TargetPartition(targetOf(place), identity, now, failed), resume, host);
    });
    this.#copies.push(...copies);
    this.#targets.push(...copies.map((copy) => copy.target));
    for (const copy of copies) copy.begin();
    for (const copy of copies) this.#options.reader.add(copy);
  }

  /** What comes next of a partition can't be copied; what was fetched of it is. */
  #sourceFailed(copy: PartitionCopy, error: MillraceError): void {
    const { source, reader, report, policies = {} } = this.#options;
    const session = this.#session;
    reader.remove(copy);
    if (session === undefined) return;
    const goOn = (): void => {
      if (this.#session === session && !this.#retired.has(copy)) reader.add(copy);
    };
    judgeTrouble(source, copy, error, policies, report, { signal: this.#abort.signal }).then((verdict) => {
      if (verdict === 'later') return this.#later(session, goOn);
      copy.goOnAt(verdict.goOnAt);
      goOn();
    }, session.onBroken);
  }

  /** The target takes no more for a partition; whether for good is found out by opening the shard again later. */
  #targetFailed(
    { topic, partition, targetTopic }: CopiedPartition,
    error: Error,
    onBroken: (error: Error) => void,
  ): void {
    const { report } = this.#options;
    const session = this.#session;
    if (session === undefined || isFenced(error) || leavesOpen(error)) return onBroken(error);
    const message = `${targetTopic} [${partition}] takes nothing from the mirror: ${messageOf(error)}; it is tried again`;
    report({ level: 'error', event: 'partition_failed', message, topic, partition, error });
    this.#later(session, session.again);
  }

  #later({ timers }: Session, work: () => void): void {
    timers.add(this.#options.target.settings.platform.timers.after(troubleRetryMs, work));
  }

  async #halt(): Promise<void> {
    for (const timer of this.#session?.timers ?? []) timer.cancel();
    this.#session = undefined;
    for (const copy of this.#copies) this.#options.reader.remove(copy);
    await Promise.all(this.#targets.map((target) => target.halt()));
    this.#copies = [];
    this.#retired.clear();
    this.#targets = [];
    this.#journal = undefined;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
