/**
 * The copy of one partition while this process owns it: what was fetched becomes batches for the target, in order, and
 * what is stored becomes part of the offset map.
 *
 * Invariants: source offsets and target offsets only go up. `announced` says of every record that was sent, or may be,
 * which source offset it has: the journal's newest entry ends in a run without end, and a record that is not the next
 * of that run is sent only after a newer entry says so.
 */
import { isMillraceError } from '@millrace/base';
import type { TopicPartition } from '@millrace/client';
import type { KafkaError } from '@millrace/wire';
import type { SourceChunk } from '../batches/chunk-plan.ts';
import { type ConversionLimits, limitsWithin } from '../batches/conversion-limits.ts';
import { convertChunk } from '../batches/convert-chunk.ts';
import { apart, type ConvertedChunk, type OutgoingBatch, type SourceRun } from '../batches/outgoing-batch.ts';
import { nobody } from '../offset-map/journal-record.ts';
import { type Losses, type LostRange, lossesBefore, withLoss } from '../offset-map/losses.ts';
import { routed } from '../offset-map/offset-run.ts';
import type { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
import type { PartitionRoutes } from '../provenance/source-routes.ts';
import { type StoredBatch, storedBatchOf } from '../status/copy-observer.ts';
import { UncopiedAge } from '../status/uncopied-age.ts';
import { type AnnouncedRun, predictedRuns } from './announced-records.ts';
import { CopyStandstill } from './copy-standstill.ts';
import type { FetchedMemory } from './fetched-memory.ts';
import { type ChunkEntry, MapChunks } from './map-chunks.ts';
import type { PartitionCopyHost } from './partition-copy-host.ts';
import type { ResumePoint } from './resume-point.ts';
import { type EpochEnd, epochsIn, SourceEpochs } from './source-epochs.ts';
import type { FetchAnswer, SourcePartition } from './source-partition.ts';
import { SourceTruncatedError } from './source-truncated-error.ts';
import type { TargetPartition } from './target-partition.ts';

export class PartitionCopy implements SourcePartition {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  readonly target: TargetPartition;
  leader = -1;
  /** Source offset behind the end of what can be copied now, as the source last said; -1 before. */
  sourceEnd = -1;
  recordsCopied = 0;
  bytesCopied = 0;
  /** Records that were left out because of where they came from. */
  recordsReturning = 0;
  /** Offsets of the target between copied records that somebody else took. */
  foreignOffsets = 0;
  /** Whether something that was fetched is being converted, or asked where it came from. */
  isTaking = false;
  /** What was passed over for good, also before this process took over. */
  losses: Losses | undefined;
  /** Where this copy began. */
  readonly began: { readonly source: number; readonly target: number };
  /** Why nothing more is copied. */
  readonly standstill: CopyStandstill;
  /** Of what was fetched. */
  readonly sourceEpochs: SourceEpochs;
  readonly #age = new UncopiedAge();
  #position: number;
  readonly #host: PartitionCopyHost;
  readonly #limits: ConversionLimits;
  readonly #chunks: MapChunks;
  readonly #routes: PartitionRoutes | undefined;
  #pending: AnnouncedRun[];
  #confirmed: { source: number; target: number; sequence: number };
  /** What the last journal entry says is confirmed. */
  #checkpoint = -1;
  #lastAnnouncement = 0;
  /** The target's log got shorter: what is stored is found out by whoever opens the shard again. */
  #isInDoubt = false;

  constructor(
    place: TopicPartition & { readonly topicId: string },
    target: TargetPartition,
    resume: ResumePoint,
    host: PartitionCopyHost,
  ) {
    this.topic = place.topic;
    this.partition = place.partition;
    this.topicId = place.topicId;
    this.target = target;
    this.#position = resume.source;
    this.sourceEpochs = new SourceEpochs(resume.sourceEpochs ?? [], resume.source);
    this.losses = lossesBefore(resume.losses, resume.source);
    this.standstill = new CopyStandstill(resume.standstill, () => host.announce(this));
    this.#chunks = new MapChunks(resume);
    this.began = { source: resume.source, target: resume.target };
    this.#confirmed = { ...this.began, sequence: resume.sequence ?? 0 };
    this.#pending = [{ offset: resume.source, count: 0 }];
    this.#routes = resume.routes;
    this.#host = host;
    this.#limits = limitsWithin(host.limits, resume, () => host.now());
  }

  get map(): PartitionOffsetMap {
    return this.#chunks.map;
  }

  get position(): number {
    return this.#position;
  }

  /** Where another copy goes on under the same producer, once nothing of this one is under way. */
  get resume(): ResumePoint {
    return { ...this.#confirmed, ...this.#chunks.known, ...this.#known, routes: this.#routes };
  }

  get lastFetchedEpoch(): number {
    return this.sourceEpochs.last;
  }

  get hasRoom(): boolean {
    const { isStopped, isHeldUp, bytes } = this.target;
    return !isStopped && bytes < this.#host.bytesMax(isHeldUp);
  }

  /** All records before are in the target, or passed over: the next source offset, and where it comes to lie. */
  get confirmed(): { readonly source: number; readonly target: number } {
    return this.#confirmed;
  }

  /** Source offsets that are still to be copied or passed over; undefined until the source has told. */
  get lag(): number | undefined {
    return this.sourceEnd < 0 ? undefined : Math.max(0, this.sourceEnd - this.#confirmed.source);
  }

  /** Since when the oldest batch waits that is not copied, in ms since 1970; undefined where there is none. */
  get uncopiedSince(): number | undefined {
    return this.lag === 0 ? undefined : this.#age.oldest;
  }

  /** Whether more is stored than the journal tells. */
  get needsCheckpoint(): boolean {
    return this.#confirmed.source !== this.#checkpoint;
  }

  /** Asks for the first journal entry, before which nothing is sent. */
  begin(): void {
    this.#lastAnnouncement = this.#host.announce(this);
  }

  /** Goes on at a later source offset: what lies before can't be copied. What is `lost` is written down first. */
  goOnAt(position: number, lost?: LostRange): void {
    if (position <= this.#position) return;
    if (lost !== undefined) {
      this.#lastAnnouncement = this.#host.announce(this);
      this.losses = withLoss(this.losses, { ...lost, from: Math.max(lost.from, this.#position) });
    }
    this.#position = position;
    this.sourceEpochs.jump(position);
    this.#skipUncopied();
    this.standstill.sourceGoesOn();
  }

  take(answer: FetchAnswer, memory: FetchedMemory): Promise<void> | undefined {
    const { records, abortedTransactions: aborted, lastStableOffset, highWatermark } = answer;
    this.#age.told(this.lag !== 0 && this.sourceEnd >= 0, this.#host.now());
    this.sourceEnd = lastStableOffset < 0 ? highWatermark : lastStableOffset;
    this.#age.told(this.lag !== 0, this.#host.now());
    const isEmpty = records === null || records.length === 0;
    if (isEmpty) this.standstill.sourceGoesOn();
    if (isEmpty) return undefined;
    const chunk = { bytes: records, from: this.#position, aborted: aborted ?? [], routes: this.#routes, memory };
    const preparing = this.#routes?.prepare(records);
    const taking =
      preparing?.then(
        () => this.#convert(chunk, memory),
        (error: unknown) => this.#refuse(error),
      ) ?? this.#convert(chunk, memory);
    this.isTaking = taking !== undefined;
    return taking?.then(() => {
      this.isTaking = false;
    });
  }

  diverged(end: EpochEnd): void {
    this.#host.failed(this, new SourceTruncatedError(`${this.topic} [${this.partition}]`, end));
  }

  failed(error: KafkaError): void {
    this.#host.failed(this, error);
  }

  #convert(chunk: SourceChunk, memory: FetchedMemory): Promise<void> | undefined {
    try {
      const converted = convertChunk(chunk, this.#limits, this.#host.rest);
      if (converted instanceof Promise) {
        return converted.then((done) => this.#add(done, memory, chunk)).catch((error: unknown) => this.#refuse(error));
      }
      this.#add(converted, memory, chunk);
    } catch (error) {
      this.#refuse(error);
    }
    return undefined;
  }

  /** What the journal is to say of this copy. */
  entries(): ChunkEntry[] {
    this.#checkpoint = this.#confirmed.source;
    const { producerId, epoch, isTransactional } = this.target.identity;
    // Whoever goes on after a producer that can't be fenced does not rely on what that one stored.
    const owner = isTransactional ? { producerId, epoch } : nobody;
    this.sourceEpochs.confirm(this.#confirmed.source);
    const { topicId, target } = this;
    const head = { ...owner, confirmed: { ...this.#confirmed }, topicId, targetTopic: target.topic, ...this.#known };
    return this.#chunks.entries(head, predictedRuns(this.#pending, this.#confirmed.target));
  }

  /** Of the source, besides the map. */
  get #known() {
    return { sourceEpochs: this.sourceEpochs.known, losses: this.losses, standstill: this.standstill.now };
  }

  /** What was fetched can't be converted, or it is not known yet where it came from. */
  #refuse(error: unknown): void {
    if (!isMillraceError(error)) throw error;
    if (error.retriable) this.#host.unjudged(this, error);
    else this.#host.failed(this, error);
  }

  /** `bytes`: what the batches were made of, and may lie in. */
  #add(converted: ConvertedChunk, memory: FetchedMemory, { bytes: fetched }: SourceChunk): void {
    const { batches, nextOffset, returningRecords } = converted;
    if (this.target.isStopped) return;
    if (!this.#host.isRouted && batches.some(({ via }) => via !== undefined)) return this.#host.routed();
    // What is announced is where a successor knows from under which epoch the last record was written.
    const isNewEpoch = this.sourceEpochs.add(epochsIn(fetched), this.#position, nextOffset);
    if (isNewEpoch) this.#lastAnnouncement = this.#host.announce(this);
    if (nextOffset > this.#position) this.standstill.sourceGoesOn();
    this.#position = nextOffset;
    this.recordsReturning += returningRecords;
    for (const batch of this.target.isHeldUp ? batches.map(apart) : batches) this.#push(batch, memory);
    this.#skipUncopied();
    this.#host.offer(this);
  }

  #push({ bytes, recordCount, runs, via }: OutgoingBatch, memory: FetchedMemory): void {
    for (const { offset, count } of runs) {
      const last = this.#pending.at(-1) as AnnouncedRun;
      if (last.offset + last.count === offset && last.via === via) {
        this.#pending[this.#pending.length - 1] = { ...last, count: last.count + count };
        continue;
      }
      // One that stayed empty is no run.
      if (last.count === 0) this.#pending.pop();
      this.#pending.push(routed({ offset, count }, via));
      this.#lastAnnouncement = this.#host.announce(this);
    }
    const batch = storedBatchOf(bytes, recordCount);
    this.#age.fetched(batch.newestTime, this.#host.now());
    memory.use(bytes);
    const stored = (baseOffset: number, logStart: number): void => {
      memory.release(bytes);
      this.#stored(runs, via, batch, baseOffset);
      this.#chunks.dropBefore(logStart);
    };
    this.target.push(bytes, recordCount, this.#lastAnnouncement, stored, () => memory.abandon(bytes));
  }

  #stored(runs: readonly SourceRun[], via: string | undefined, batch: StoredBatch, baseOffset: number): void {
    if (this.#isInDoubt) return;
    if (baseOffset < this.#confirmed.target) {
      this.#isInDoubt = true;
      return this.#host.shortened(this, baseOffset);
    }
    this.standstill.targetGoesOn();
    this.#host.stored(this, batch);
    this.#age.stored();
    const { target: from } = this.#confirmed;
    const count = Math.max(0, baseOffset - from);
    this.foreignOffsets += count;
    if (count > 0) this.#host.foreign(this, { from, count });
    let [target, source] = [baseOffset, this.#confirmed.source];
    for (const { offset, count } of runs) {
      this.#chunks.append(routed({ source: offset, target, count }, via));
      this.#forget(offset, count);
      target += count;
      source = offset + count;
    }
    const sequence = (this.#confirmed.sequence + batch.records) % 2 ** 31;
    this.#confirmed = { source, target, sequence };
    this.#skipUncopied();
    this.recordsCopied += batch.records;
    this.bytesCopied += batch.bytes;
    this.#host.room();
  }

  /** Where all is stored that was fetched, what was left out of it is done with too. */
  #skipUncopied(): void {
    if (this.target.bytes === 0 && !this.#isInDoubt) this.#confirmed.source = this.#position;
  }

  /** Takes stored records from the runs that are not. The last run stays, as the one without end. */
  #forget(offset: number, count: number): void {
    const first = this.#pending[0] as AnnouncedRun;
    const left = first.count - count;
    if (left > 0 || this.#pending.length === 1) this.#pending[0] = { ...first, offset: offset + count, count: left };
    else this.#pending.shift();
  }
}
