/**
 * The shards that are this worker's: opened when they are given to it, drained and closed when they are taken away,
 * and measured meanwhile.
 *
 * Who has a shard is not decided here or by the group, but by its transactional id: the worker that opened it last has
 * fenced the others. So a shard is opened at once, whether or not its last owner has let go of it.
 */
import { type Platform, sleep } from '@millrace/base';
import type { CopiedPartition } from '../copy/copied-partition.ts';
import type { ShardCopy } from '../copy/shard-copy.ts';
import type { MirrorReport } from '../mirror-event.ts';
import { ShardLoad } from './shard-load.ts';
import type { HeldShard } from './sharing-messages.ts';

export interface OwnedShardsOptions {
  readonly platform: Platform;
  /** The copies of a shard, not started; undefined when it has no partitions. */
  readonly open: (shard: number, onLost: () => void) => ShardCopy | undefined;
  readonly report: MirrorReport;
  /** Another worker has taken a shard that is still this worker's as far as it knows. */
  readonly onLost: () => void;
}

interface Owned {
  readonly copy: ShardCopy | undefined;
  readonly load: ShardLoad;
  isLost: boolean;
  isLossTold: boolean;
}

/** How long a shard that is taken away may go on writing what was fetched. */
const releaseMs = 5_000;
/** So long after a shard is lost the group's word on it may come. */
const graceMs = 500;

export class OwnedShards {
  readonly #options: OwnedShardsOptions;
  readonly #owned = new Map<number, Owned>();
  readonly #releasing = new Set<Promise<void>>();
  readonly #abort = new AbortController();

  constructor(options: OwnedShardsOptions) {
    this.#options = options;
  }

  /** Numbers of the shards that were given to this worker. */
  get numbers(): number[] {
    return [...this.#owned.keys()];
  }

  get copies(): ShardCopy[] {
    return [...this.#owned.values()].flatMap(({ copy }) => (copy === undefined ? [] : [copy]));
  }

  /** What this worker has, but for what it knows to be another's. */
  held(): HeldShard[] {
    return [...this.#owned]
      .filter(([, { isLost }]) => !isLost)
      .map(([shard, { load }]) => ({ shard, load: load.bytesPerSecond }));
  }

  /** Opens what is new in the list, or was lost; gives up what is not in it, without waiting for that. */
  assign(shards: readonly HeldShard[]): void {
    if (this.#abort.signal.aborted) return;
    const numbers = new Set(shards.map(({ shard }) => shard));
    for (const [shard, owned] of this.#owned) {
      if (numbers.has(shard) && !owned.isLost) continue;
      if (numbers.has(shard)) this.#tellLoss(shard, owned);
      this.#owned.delete(shard);
      if (owned.copy !== undefined) this.#release(owned.copy);
    }
    for (const { shard, load } of shards) if (!this.#owned.has(shard)) this.#take(shard, load);
  }

  /** Has the shards copy the partitions that they have now, and opens those that had none. */
  update(partitionsOf: (shard: number) => readonly CopiedPartition[]): void {
    if (this.#abort.signal.aborted) return;
    for (const [shard, { copy, load }] of [...this.#owned]) {
      if (copy === undefined) this.#take(shard, load.bytesPerSecond);
      else copy.update(partitionsOf(shard));
    }
  }

  /** Measures, and has the shards write down how far they are. To be called every second or so. */
  sample(): void {
    const now = this.#options.platform.clock.monotonic();
    for (const { copy, load } of this.#owned.values()) {
      if (copy === undefined || copy.copies.length === 0) continue;
      const bytes = copy.copies.reduce((sum, { bytesCopied }) => sum + bytesCopied, 0);
      load.sample(bytes, now);
      copy.sample();
    }
  }

  /** Gives up all shards, for good. What was fetched is stored before, as long as `signal` is not aborted. */
  async close(signal: AbortSignal): Promise<void> {
    this.#abort.abort();
    const { copies } = this;
    await Promise.all(copies.map((copy) => copy.drain(signal)));
    await Promise.all([...copies.map((copy) => copy.close()), ...this.#releasing]);
    this.#owned.clear();
  }

  #take(shard: number, load: number | undefined): void {
    const copy = this.#options.open(shard, () => this.#lost(shard, owned));
    const owned: Owned = { copy, load: new ShardLoad(load), isLost: false, isLossTold: false };
    this.#owned.set(shard, owned);
    copy?.start();
  }

  #release(copy: ShardCopy): void {
    const late = new AbortController();
    const timer = this.#options.platform.timers.after(releaseMs, () => late.abort());
    const released = copy
      .drain(late.signal)
      .then(() => copy.close())
      .finally(() => {
        timer.cancel();
        this.#releasing.delete(released);
      });
    this.#releasing.add(released);
  }

  #lost(shard: number, owned: Owned): void {
    owned.isLost = true;
    const { timers } = this.#options.platform;
    // As a rule the group has just given it to another, and says so here a moment later.
    sleep(timers, graceMs, this.#abort.signal).then(
      () => {
        if (this.#owned.get(shard) !== owned) return;
        this.#tellLoss(shard, owned);
        this.#options.onLost();
      },
      () => undefined,
    );
  }

  #tellLoss(shard: number, owned: Owned): void {
    if (owned.isLossTold) return;
    owned.isLossTold = true;
    const message =
      `shard ${shard} was taken over by another worker, while the group had given it to this one; ` +
      'the group is asked again';
    this.#options.report({ level: 'warn', event: 'shard_lost', message });
  }
}
