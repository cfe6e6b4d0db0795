/**
 * The standbys of this process: copies of the state of tasks that other members run, as the leader of the group wants
 * them. A task that runs here has none, so that its rows have one writer.
 *
 * What is of no use on the disk any more goes, under the same lock.
 *
 * Where a copy is to become a task (it warms up), it asks for another sharing once it is near enough.
 */
import type { Timer, Timers } from '@millrace/base';
import { emptyNote, type SharingNote } from '../sharing/sharing-note.ts';
import type { SubTopology } from '../topology/plan.ts';
import { Lock } from './lock.ts';
import { StandbyReader, type StandbyReaderOptions, type StandbyTask } from './standby-reader.ts';
import type { StateSweep } from './state-sweep.ts';

export interface StandbyOptions extends StandbyReaderOptions {
  readonly subs: readonly SubTopology[];
  readonly acceptableLag: number;
  /** Has the group share its tasks anew. */
  readonly ask: (reason: string) => void;
  readonly sweep: StateSweep;
  /** How often that is done, in ms. */
  readonly sweepMs: number;
  /** Ids of tasks that run here, or are about to. */
  readonly running: () => readonly string[];
}

/** How often copies that warm up look how far they are. */
const lookMs = 100;
/** Looks between two times that the same copies ask: the leader may have a reason to wait. */
const looksPerAsk = 50;

export class StandbyCopies {
  readonly #options: StandbyOptions;
  readonly #timers: Timers;
  readonly #lock = new Lock();
  #note: SharingNote = emptyNote;
  #copied: readonly string[] = [];
  #reader: StandbyReader | undefined;
  #timer: Timer | undefined;
  #sweepTimer: Timer | undefined;
  #looks = 0;
  #asks = 0;
  #isClosed = false;

  constructor(options: StandbyOptions) {
    this.#options = options;
    this.#timers = options.platform.timers;
    this.#sweepLater();
  }

  /** How often it has asked. */
  get asks(): number {
    return this.#asks;
  }

  /** Where queries are answered, as the leader told it last. */
  get places(): SharingNote['places'] {
    return this.#note.places;
  }

  /** Offsets that each copy is behind, as far as that is known, by task id. */
  lags(): Record<string, number | undefined> {
    return Object.fromEntries(this.#copied.map((id) => [id, this.#reader?.lagOf(id)]));
  }

  /** What the leader wants from now on. */
  want(note: SharingNote): void {
    this.#note = note;
    this.#looks = 0;
    void this.refresh();
  }

  /** Resolves when nothing is written any more for tasks that run here, and what is wanted besides is followed. */
  refresh(): Promise<void> {
    return this.#lock.run(async () => {
      const running = new Set(this.#options.running());
      const wanted = this.#isClosed ? [] : this.#note.standbys.filter((id) => !running.has(id)).sort();
      if (wanted.join() !== this.#copied.join()) {
        await this.#reader?.close();
        this.#copied = wanted;
        this.#reader = wanted.length === 0 ? undefined : new StandbyReader(this.#options, wanted.map(this.#taskOf));
      }
      this.#look();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#sweepTimer?.cancel();
    await this.refresh();
  }

  readonly #taskOf = (id: string): StandbyTask => {
    const [index, partition] = id.split('_').map(Number) as [number, number];
    return { id, partition, sub: this.#options.subs.find((sub) => sub.index === index) as SubTopology };
  };

  #sweepLater(): void {
    this.#sweepTimer = this.#timers.after(this.#options.sweepMs, () => {
      // Under the lock: a task that comes meanwhile waits for it before it looks what is on disk.
      const sweep = this.#lock.run(() =>
        this.#options.sweep.run(new Set([...this.#options.running(), ...this.#copied])),
      );
      sweep.catch((error: unknown) => this.#options.failed(error as Error));
      if (!this.#isClosed) this.#sweepLater();
    });
  }

  #look(): void {
    this.#timer?.cancel();
    const warming = this.#note.warming.filter((id) => this.#copied.includes(id));
    if (warming.length === 0 || this.#isClosed) return;
    const warm = warming.find(
      (id) => (this.#reader?.lagOf(id) ?? Number.POSITIVE_INFINITY) <= this.#options.acceptableLag,
    );
    if (warm !== undefined && this.#looks++ % looksPerAsk === 0) {
      this.#asks++;
      this.#options.ask(`task ${warm} is warm here`);
    }
    this.#timer = this.#timers.after(lookMs, () => this.#look());
  }
}
