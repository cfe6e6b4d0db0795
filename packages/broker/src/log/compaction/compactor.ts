/**
 * Compacts a cluster's logs, one at a time: the one with the largest dirty part of all that are due first, then the
 * next, until none is due. A log that fails keeps its records and is tried again the next time; its failure and each
 * damaged segment are reported once.
 */
import { messageOf, type Platform } from '@millrace/base';
import type { ClusterConfiguration } from '../../configuration/cluster-configuration.ts';
import type { LogSettings } from '../../configuration/topic-configuration.ts';
import type { Log } from '../log.ts';
import type { LogEnvironment } from '../log-environment.ts';
import type { Segment } from '../segment.ts';
import type { DamagedSegment } from '../segment-batches.ts';
import { type CompactionOutcome, compactLog } from './compact-log.ts';
import type { CompactionPlan } from './compaction-plan.ts';
import { CompactionStopped, Pace } from './pace.ts';

export interface CompactorOptions {
  readonly environment: LogEnvironment;
  readonly platform: Platform;
  readonly configuration: ClusterConfiguration;
  /** Whether the work must end. */
  readonly stopped: () => boolean;
}

/** A log that may be compacted. */
export interface CompactableLog {
  readonly log: Log;
  readonly settings: LogSettings;
}

interface Candidate extends CompactableLog {
  readonly plan: CompactionPlan;
}

export class Compactor {
  readonly #options: CompactorOptions;
  /** Damaged segments that were reported. */
  readonly #reported = new WeakSet<Segment>();
  /** What was reported of logs that failed. */
  readonly #failures = new WeakMap<Log, string>();

  constructor(options: CompactorOptions) {
    this.#options = options;
  }

  /** Compacts what is due among the logs that `logs` names, which is asked again after each. Never rejects. */
  async run(logs: () => Iterable<CompactableLog>): Promise<void> {
    const tried = new Set<Log>();
    while (!this.#options.stopped()) {
      const candidate = await this.#dirtiest(logs(), tried);
      if (candidate === undefined) return;
      // One that a full map has cut short, or that failed, waits until all others had their turn.
      tried.add(candidate.log);
      await this.#attempt(candidate.log, () => this.#compact(candidate));
    }
  }

  async #dirtiest(logs: Iterable<CompactableLog>, tried: ReadonlySet<Log>): Promise<Candidate | undefined> {
    let best: Candidate | undefined;
    for (const { log, settings } of [...logs]) {
      if (!settings.compact || tried.has(log) || this.#options.stopped()) continue;
      await this.#attempt(log, async () => {
        const plan = await log.compaction.plan();
        if (plan !== undefined && isBefore(plan, best?.plan)) best = { log, settings, plan };
      });
    }
    return best;
  }

  async #compact({ log, settings, plan }: Candidate): Promise<CompactionOutcome> {
    const { environment, platform, configuration, stopped } = this.#options;
    const pace = new Pace({
      clock: platform.clock,
      timers: platform.timers,
      bytesPerSecondMax: configuration.number('log.cleaner.io.max.bytes.per.second'),
      stopped: () => stopped() || log.closed,
    });
    return compactLog(log, plan, {
      environment,
      settings,
      pace,
      mapBytesMax: configuration.number('log.cleaner.dedupe.buffer.size'),
      mapLoadFactor: configuration.number('log.cleaner.io.buffer.load.factor'),
      onDamage: (damage) => this.#reportDamage(damage),
    });
  }

  async #attempt(log: Log, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.#failures.delete(log);
    } catch (error) {
      // A log that is being deleted loses its files under the work.
      if (error instanceof CompactionStopped || log.closed) return;
      const message = `could not compact ${log.directory}: ${messageOf(error)}`;
      if (this.#failures.get(log) === message) return;
      this.#failures.set(log, message);
      this.#options.environment.report({ level: 'error', message });
    }
  }

  #reportDamage({ segment, message }: DamagedSegment): void {
    if (this.#reported.has(segment)) return;
    this.#reported.add(segment);
    this.#options.environment.report({ level: 'error', message: `${message}; it is not compacted` });
  }
}

/** Overdue logs first, then the dirtiest. */
function isBefore(plan: CompactionPlan, other: CompactionPlan | undefined): boolean {
  if (other === undefined) return true;
  if (plan.overdue !== other.overdue) return plan.overdue;
  return plan.dirtyRatio > other.dirtyRatio;
}
