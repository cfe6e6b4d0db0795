/**
 * One cluster, looked at whenever it is its turn: each has its own pace, time-outs and back-off, and shares nothing
 * with the others, so that one that is slow or dead delays none of them. One look at a time.
 */
import { isMillraceError, messageOf, type Platform, sleep } from '@millrace/base';
import type { ProtocolClusters } from '../../clusters/fleet-clusters.ts';
import type { ObservedCluster } from '../inventory.ts';
import { unlessAborted } from '../observe/ask-brokers.ts';
import { observeCluster } from '../observe/observe-cluster.ts';
import { type KnownCluster, unknownCluster, unreached } from '../state/known-cluster.ts';
import { mergeObservation } from '../state/merge-observation.ts';
import { scopeOf } from './look-scope.ts';

export interface Pace {
  /** From one look's begin to the next one's. */
  readonly everyMs: number;
  /** For the metadata, and then for each broker. */
  readonly timeoutMs: number;
}

export const paceDefault: Pace = { everyMs: 15_000, timeoutMs: 10_000 };

export interface ClusterWatchOptions {
  readonly name: string;
  readonly clusters: ProtocolClusters;
  readonly platform: Platform;
  readonly pace: Pace;
  /** Told after each look, failed ones too; awaited, so that it may write. */
  readonly onLooked: (before: KnownCluster, after: KnownCluster, tookMs: number) => Promise<void>;
}

/** A cluster that does not answer is tried this many paces apart at most. */
const backoffMax = 4;
/** One that refuses us: each try may count towards locking a user out, and only another declaration helps. */
const refusedBackoffMax = 20;
/** A look that takes long is followed by a pause this many times as long, up to the same bound. */
const restPart = 4;
const jitterPart = 0.1;

export class ClusterWatch {
  readonly #options: ClusterWatchOptions;
  #known: KnownCluster;
  #looks = 0;
  #failures = 0;
  /** Whether the last look failed in a way that time does not cure. */
  #isRefused = false;
  /** The look under way. */
  #looking: Promise<void> | undefined;

  constructor(options: ClusterWatchOptions, known: KnownCluster = unknownCluster(options.name)) {
    this.#options = options;
    this.#known = known;
  }

  get known(): KnownCluster {
    return this.#known;
  }

  /** What another process saw. */
  replace(known: KnownCluster): void {
    this.#known = known;
  }

  /** Looks until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { platform, pace } = this.#options;
    const { clock, timers, randomness } = platform;
    while (!signal.aborted) {
      const began = clock.monotonic();
      // Its problem is part of what is known.
      await this.look(false, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      const tookMs = clock.monotonic() - began;
      const slownessMax = this.#isRefused ? refusedBackoffMax : backoffMax;
      const slowness = Math.min(slownessMax, 2 ** Math.max(0, this.#failures - 1));
      const interval = Math.max(pace.everyMs * slowness, Math.min(tookMs * (1 + restPart), pace.everyMs * backoffMax));
      const jitter = 1 + jitterPart * (2 * randomness.float() - 1);
      const pauseMs = Math.max(pace.everyMs / 10, interval * jitter - tookMs);
      await sleep(timers, Math.ceil(pauseMs), signal).catch(() => undefined);
    }
  }

  /** Looks now, after the look that is under way if it is not `whole`. Rejects with the signal's reason alone. */
  async look(isWhole: boolean, signal: AbortSignal): Promise<ObservedCluster> {
    while (this.#looking !== undefined) {
      // Who asked for that look hears of its failure.
      await unlessAborted(
        signal,
        this.#looking.catch(() => undefined),
      );
      if (!isWhole) return this.#known.observed;
    }
    this.#looking = this.#look(isWhole, signal).finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
    return this.#known.observed;
  }

  async #look(isWhole: boolean, signal: AbortSignal): Promise<void> {
    const before = this.#known;
    const { name, clusters } = this.#options;
    const { clock } = this.#options.platform;
    const began = clock.monotonic();
    try {
      // The clients that are asked are those of this moment.
      const bootstrap = clusters.declared(name)?.bootstrap;
      this.#known = mergeObservation(before, await this.#observe(isWhole, signal), bootstrap);
      this.#failures = 0;
    } catch (error) {
      signal.throwIfAborted();
      if (!isMillraceError(error)) throw error;
      this.#failures++;
      this.#isRefused = !error.retriable;
      this.#known = unreached(before, messageOf(error));
    }
    this.#looks++;
    await this.#options.onLooked(before, this.#known, clock.monotonic() - began);
  }

  async #observe(isWhole: boolean, signal: AbortSignal) {
    const { name, clusters, platform, pace } = this.#options;
    const known = this.#known;
    const [client, cluster] = await Promise.all([clusters.client(name), clusters.cluster(name)]);
    const look = observeCluster({
      client,
      cluster,
      known: known.shape,
      scope: scopeOf(known, this.#looks, isWhole, platform.randomness),
      timeoutMs: pace.timeoutMs,
      suspects: new Set(known.observed.brokers.filter(({ problem }) => problem).map(({ nodeId }) => nodeId)),
      signal,
    });
    return unlessAborted(signal, look);
  }
}
