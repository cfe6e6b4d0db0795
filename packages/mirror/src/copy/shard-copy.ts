/**
 * The copying of one shard's partitions, from taking the shard over to giving it up. All that is written for it carries
 * the producer id of the shard's transactional id, so that whoever takes it over fences all of it; where at least once
 * is asked for there is none, and the last checkpoint is where it goes on.
 *
 * Whatever goes wrong in a way that leaves a doubt about what is stored, the shard is opened again by the same way as
 * at the first time: take over, read the journal, find out where each partition goes on.
 */
import { isMillraceError, type MillraceError, messageOf, sleep } from '@millrace/base';
import { backoffMs, type CallBounds } from '@millrace/client/protocol';
import type { PartitionStandstill } from '../offset-map/standstill.ts';
import { type CopiedPartition, identityOf, nameOf, targetOf } from './copied-partition.ts';
import { fence, isFenced, takeOver } from './fencing.ts';
import { ForeignWrites } from './foreign-writes.ts';
import type { PartitionCopy } from './partition-copy.ts';
import { readJournal, readWholeJournal } from './read-journal.ts';
import { permitted } from './resume-options.ts';
import { resumePoints, type Settled, type TakenOver, targetEnds } from './resume-points.ts';
import { JournalContent } from './shard-journal.ts';
import { ShardSession, type ShardSessionOptions } from './shard-session.ts';
import { TargetShortenedError } from './target-truncation.ts';
import { UnsettledPartitions } from './unsettled-partitions.ts';

export interface ShardCopyOptions extends Omit<ShardSessionOptions, 'foreign'> {
  readonly transactionalId: string;
  readonly partitions: readonly CopiedPartition[];
  /** Another process has taken the shard over: nothing is copied any more. */
  readonly onLost: () => void;
}

/** How long a shard that is opened again may go on writing what was fetched. */
const drainMs = 5_000;

/** A reason that stays is told again after so long. */
const toldAgainMs = 60_000;

/** A session, and which partitions it is about. */
interface Opened {
  readonly session: ShardSession;
  /** The partitions of which the journal may know something. */
  readonly known: Set<string>;
  readonly partitions: Set<string>;
  /** Those of them that are not copied, by a policy or as they were failed over. */
  readonly stopped: Set<string>;
  /** Those that stand still since they were taken over. */
  readonly standing: Map<string, PartitionStandstill>;
}

export class ShardCopy {
  readonly #options: ShardCopyOptions & ShardSessionOptions;
  readonly #abort = new AbortController();
  readonly #aborted = Promise.withResolvers<void>();
  #partitions: readonly CopiedPartition[];
  /** Whether records are to be copied that came to the source by mirrors. */
  #isRouted = false;
  #opened: Opened | undefined;
  #running: Promise<void> | undefined;
  /** Logs of the target that were seen to be shorter than before, by `nameOf`, and where they ended. */
  readonly #shortened = new Map<string, number>();
  /** The reason that was told last for opening the shard again. */
  #told = { message: '', at: 0 };

  constructor(options: ShardCopyOptions) {
    this.#options = { ...options, foreign: new ForeignWrites(options, this.#abort.signal) };
    this.#partitions = options.partitions;
  }

  get copies(): readonly PartitionCopy[] {
    return this.#opened?.session.copies ?? [];
  }

  /** How many of the shard's partitions are not copied any more, by a policy. */
  get stoppedCount(): number {
    return this.#opened?.stopped.size ?? 0;
  }

  /** Those of its partitions that are not copied on, and why. */
  get standstills(): PartitionStandstill[] {
    const copied = this.copies.flatMap(({ topic, partition, standstill: { now } }) =>
      now === undefined ? [] : [{ topic, partition, ...now }],
    );
    return [...copied, ...(this.#opened?.standing.values() ?? [])];
  }

  /**
   * Copies these partitions instead of those before. What stays is not disturbed, unless one is new of which the
   * journal knows something: then the shard is opened again.
   */
  update(partitions: readonly CopiedPartition[]): void {
    this.#partitions = partitions;
    const opened = this.#opened;
    if (opened === undefined) return;
    this.#follow(opened).catch((error: Error) => opened.session.breakOff(error));
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** To be called about once a second: writes down how far the copies have come, and tells of what stands still. */
  sample(): void {
    this.#opened?.session.sample();
  }

  /** Stops copying; resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.#abort.abort();
    this.#aborted.resolve();
    await this.#running;
  }

  /** Fetches no more, and resolves when what was fetched is stored and written down. */
  async drain(signal: AbortSignal): Promise<void> {
    await this.#opened?.session.drain(signal);
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const { session } = await this.#open();
        failures = 0;
        await Promise.race([session.ended, this.#aborted.promise]);
        this.#isRouted ||= session.needsRoutes;
        // What is not written down then is copied again.
        if (!this.#isExact && !signal.aborted) await this.#drainInTime(session);
        await this.#halt();
      } catch (error) {
        await this.#halt();
        if (signal.aborted) return;
        if (!isMillraceError(error)) throw error;
        if (isFenced(error)) return this.#options.onLost();
        if (error instanceof TargetShortenedError) this.#noteShortened(error);
        failures += 1;
        await this.#pause(error, failures);
      }
    }
  }

  get #isExact(): boolean {
    return this.#options.unfenced === undefined;
  }

  async #drainInTime(session: ShardSession): Promise<void> {
    const late = new AbortController();
    const timer = this.#options.target.settings.platform.timers.after(drainMs, () => late.abort());
    await session.drain(AbortSignal.any([late.signal, this.#abort.signal]));
    timer.cancel();
  }

  async #pause(error: MillraceError, failures: number): Promise<void> {
    const { target, report, journal } = this.#options;
    const { platform } = target.settings;
    const message = `shard ${journal.partition} is opened again: ${messageOf(error)}`;
    const now = platform.clock.monotonic();
    if (message !== this.#told.message || now - this.#told.at >= toldAgainMs) {
      this.#told = { message, at: now };
      report({ level: error.retriable ? 'warn' : 'error', event: 'shard_reopened', message, error });
    }
    const pauseMs = backoffMs(target.settings, failures, platform.randomness);
    await sleep(platform.timers, pauseMs, this.#abort.signal).catch(() => undefined);
  }

  async #open(): Promise<Opened> {
    const { target, journal, transactionalId, unfenced, provenance, report } = this.#options;
    const partitions = this.#partitions;
    const { signal } = this.#abort;
    const bounds: CallBounds = { signal };
    const identity = (await unfenced?.begin()) ?? (await takeOver(target, transactionalId, [journal], bounds));
    const content = this.#isExact
      ? await readJournal(target, journal, identity, bounds)
      : await readWholeJournal(target, journal, bounds);
    // The journal tells of routes only where its owner is fenced.
    const isRouted = this.#isRouted && this.#isExact;
    const isListedSo =
      identity.producerId >= 0 && (await provenance.list(identity, journal.partition, isRouted, bounds));
    const copied = await permitted(this.#options, partitions, bounds);
    const settled = await this.#settle(copied, { identity, content });
    const opened: Opened = {
      session: new ShardSession(this.#options, { identity, isRouted: isListedSo || !this.#isExact, signal }),
      known: new Set([...content.partitions, ...partitions].map(nameOf)),
      partitions: new Set(partitions.map(identityOf)),
      stopped: new Set(),
      standing: new Map(),
    };
    this.#opened = opened;
    this.#begin(opened, partitions, settled, content);
    this.#tryAgain(opened, settled.failed, content);
    const message = `shard ${journal.partition} is copied from here on: ${partitions.length} partitions`;
    report({ level: 'info', event: 'shard_opened', message });
    // The list may have changed meanwhile.
    await this.#follow(opened);
    return opened;
  }

  /** Brings what is copied in line with what shall be. */
  async #follow(opened: Opened): Promise<void> {
    const { session } = opened;
    const partitions = this.#partitions;
    const wanted = new Set(partitions.map(identityOf));
    for (const copy of session.copies) {
      const { topic, partition, topicId, target } = copy;
      if (!wanted.has(identityOf({ topic, partition, topicId, targetTopic: target.topic }))) session.retire(copy);
    }
    for (const identity of [...opened.partitions].filter((each) => !wanted.has(each))) {
      opened.partitions.delete(identity);
      opened.stopped.delete(identity);
      opened.standing.delete(identity);
    }
    const added = partitions.filter((place) => !opened.partitions.has(identityOf(place)));
    // Whoever had a partition before is to be fenced there, and where its copy goes on to be found out.
    if (added.some((place) => opened.known.has(nameOf(place)))) return session.openAgain();
    for (const place of added) {
      opened.known.add(nameOf(place));
      opened.partitions.add(identityOf(place));
    }
    const bounds: CallBounds = { signal: this.#abort.signal };
    const copied = await permitted(this.#options, added, bounds);
    const content = new JournalContent();
    const settled = await this.#settle(copied, { identity: session.identity, content });
    if (session.isHalted) return;
    this.#begin(opened, added, settled, content);
    this.#tryAgain(opened, settled.failed, content);
    if (this.#partitions !== partitions) await this.#follow(opened);
  }

  /** Begins with those of the places that go on, and notes the others. */
  #begin(opened: Opened, places: readonly CopiedPartition[], settled: Settled, content: JournalContent): void {
    const { resumes, stopped, failed } = settled;
    const wanted = new Set(places.filter((place) => opened.partitions.has(identityOf(place))));
    for (const place of wanted) {
      if (resumes.has(place) || failed.has(place)) continue;
      opened.stopped.add(identityOf(place));
      const standstill = stopped.get(place);
      if (standstill === undefined) continue;
      opened.standing.set(identityOf(place), { topic: place.topic, partition: place.partition, ...standstill });
      opened.session.stand(place, content.chunksOf(place).at(-1), standstill);
    }
    opened.session.begin(new Map([...resumes].filter(([place]) => wanted.has(place))));
  }

  /** Fences whoever had the places before, and finds out where they go on. */
  async #settle(
    places: readonly CopiedPartition[],
    { identity, content }: Pick<TakenOver, 'identity' | 'content'>,
  ): Promise<Settled> {
    const { target, transactionalId } = this.#options;
    const bounds: CallBounds = { signal: this.#abort.signal };
    const known = this.#isExact ? places.filter((place) => content.chunksOf(place).length > 0) : [];
    const { ends, failed } = await targetEnds(target, known, bounds);
    const fenced = [...ends.keys()];
    if (fenced.length > 0) await fence(target, transactionalId, identity, fenced.map(targetOf), bounds);
    const taken = { identity, content, ends, shortened: this.#shortened };
    const asked = places.filter((place) => !failed.has(place));
    const settled = await resumePoints(this.#options, asked, taken, bounds);
    return { ...settled, failed: new Map([...failed, ...settled.failed]) };
  }

  /** Begins those later that could not be settled. */
  #tryAgain(opened: Opened, failed: Settled['failed'], content: JournalContent): void {
    const { session } = opened;
    const { report, target } = this.#options;
    new UnsettledPartitions({
      clock: target.settings.platform.clock,
      report,
      later: (ms, work) => session.later(ms, work),
      settle: async (places) => {
        const wanted = places.filter((place) => opened.partitions.has(identityOf(place)));
        const settled = await this.#settle(wanted, { identity: session.identity, content });
        if (session.isHalted) return new Map();
        this.#begin(opened, wanted, settled, content);
        return settled.failed;
      },
      failed: (error) => session.breakOff(error),
    }).add(failed);
  }

  #noteShortened({ topic, partition, offset }: TargetShortenedError): void {
    const place = this.#partitions.find((each) => each.targetTopic === topic && each.partition === partition);
    if (place === undefined) return;
    const before = this.#shortened.get(nameOf(place)) ?? offset;
    this.#shortened.set(nameOf(place), Math.min(before, offset));
  }

  async #halt(): Promise<void> {
    const session = this.#opened?.session;
    this.#opened = undefined;
    await session?.halt();
  }
}
