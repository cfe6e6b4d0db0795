/**
 * Tells of records that somebody else writes to what a mirror copies to. It decides alone whether that is told: not of
 * writers that are to be expected there, and once a partition and minute at most.
 *
 * A copy knows where its next batch comes to lie if nobody else writes; where one lies farther behind, the target's log
 * is looked at for what came between, as that may also be a marker of a takeover.
 */
import { messageOf } from '@millrace/base';
import type { TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster } from '@millrace/client/protocol';
import type { MirrorReport } from '../mirror-event.ts';
import type { CopiedTopic, Provenance } from '../provenance/provenance.ts';
import { scanLog } from './log-scan.ts';
import type { PartitionCopy } from './partition-copy.ts';

export interface ForeignWritesOptions {
  readonly target: Cluster;
  readonly provenance: Pick<Provenance, 'isExpectedWriter' | 'refresh'>;
  readonly report: MirrorReport;
}

/** On the source, and what the topic is called on the target. */
type CopiedPlace = TopicPartition & CopiedTopic;

/** Offsets of the target that a copy did not write. */
interface Gap {
  readonly from: number;
  readonly count: number;
}

interface Watched {
  /** Monotonic time before which nothing is told, and before which nothing is looked at. */
  silentUntil: number;
  restUntil: number;
  isLooking: boolean;
  /** Offsets that somebody took since it was told the last time. */
  offsets: number;
}

const toldEveryMs = 60_000;
/** Looking costs a read of the target. */
const lookEveryMs = 1000;
/** Whoever gives no producer id. */
const anybody = -1;

export class ForeignWrites {
  readonly #options: ForeignWritesOptions;
  readonly #signal: AbortSignal;
  readonly #watched = new Map<string, Watched>();

  /** `signal`: ends what is being looked at. */
  constructor(options: ForeignWritesOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** Whether what this producer writes to the target's topic is nothing to be told of. */
  isExpected(producerId: number, topic: CopiedTopic): boolean {
    return this.#options.provenance.isExpectedWriter(producerId, topic);
  }

  /** So many records of others were found by a worker that took a partition over. */
  foundAtTakeover(place: CopiedPlace, records: number): void {
    if (records > 0) this.#tell(place, `${records} records of somebody else lie`);
  }

  /** A copy's batch came to lie behind a gap. */
  met(copy: PartitionCopy, gap: Gap): void {
    const { topic, partition, target } = copy;
    const place = { topic, partition, targetTopic: target.topic };
    const watched = this.#watchedOf(place);
    watched.offsets += gap.count;
    const now = this.#now;
    if (watched.isLooking || now < watched.restUntil || now < watched.silentUntil) return;
    if (this.isExpected(anybody, place)) return;
    watched.isLooking = true;
    watched.restUntil = now + lookEveryMs;
    this.#unexpectedIn(place, target.identity.producerId, gap).then(
      (producerId) => {
        watched.isLooking = false;
        if (producerId === undefined) return;
        const who = producerId < 0 ? 'a producer without id' : `producer id ${producerId}`;
        this.#tell(place, `somebody else (${who}) took ${watched.offsets} offsets`);
      },
      (error: Error) => {
        watched.isLooking = false;
        if (this.#signal.aborted) return;
        const why = `; they can't be looked at: ${messageOf(error)}`;
        this.#tell(place, `somebody else may have taken ${watched.offsets} offsets`, why);
      },
    );
  }

  /** The producer id of whoever wrote first in the gap unexpectedly; -1 for one without. */
  async #unexpectedIn(place: CopiedPlace, own: number, gap: Gap): Promise<number | undefined> {
    const bounds = { signal: this.#signal };
    const others = (await this.#writersIn(place, gap, bounds)).filter((producerId) => producerId !== own);
    const isUnexpected = (producerId: number): boolean => !this.isExpected(producerId, place);
    // Mirrors may have been listed since that was looked at.
    if (others.some(isUnexpected)) await this.#options.provenance.refresh(bounds);
    return others.find(isUnexpected);
  }

  async #writersIn({ targetTopic: topic, partition }: CopiedPlace, gap: Gap, bounds: CallBounds): Promise<number[]> {
    const end = gap.from + gap.count;
    const writers = new Set<number>();
    for await (const batch of scanLog(this.#options.target, { topic, partition }, gap.from, bounds)) {
      if (batch.baseOffset >= end) break;
      if (!batch.isControl) writers.add(batch.producerId);
      if (batch.lastOffset + 1 >= end) break;
    }
    return [...writers];
  }

  #tell(place: CopiedPlace, what: string, why = ''): void {
    const { topic, partition, targetTopic } = place;
    const watched = this.#watchedOf(place);
    const now = this.#now;
    if (now < watched.silentUntil) return;
    watched.silentUntil = now + toldEveryMs;
    watched.offsets = 0;
    const message = `${what} in ${targetTopic} [${partition}], which this mirror copies to${why}`;
    this.#options.report({ level: 'error', event: 'foreign_write', message, topic, partition });
  }

  #watchedOf({ topic, partition }: TopicPartition): Watched {
    const name = `${partition} ${topic}`;
    let watched = this.#watched.get(name);
    if (watched === undefined) {
      const before = Number.NEGATIVE_INFINITY;
      watched = { silentUntil: before, restUntil: before, isLooking: false, offsets: 0 };
      this.#watched.set(name, watched);
    }
    return watched;
  }

  get #now(): number {
    return this.#options.target.settings.platform.clock.monotonic();
  }
}
