/**
 * What becomes of copies that can't go on: they are judged, told of and tried again, each alone. Before a policy counts
 * that is about what the target's topic takes, that is looked at anew: it may have been set otherwise meanwhile.
 */
import { type MillraceError, messageOf } from '@millrace/base';
import type { TargetLimits } from '../batches/conversion-limits.ts';
import { RecordTimeError } from '../batches/record-times.ts';
import { RecordTooLargeError } from '../batches/record-too-large-error.ts';
import { nameOf } from './copied-partition.ts';
import { isFenced, leavesOpen } from './fencing.ts';
import type { PartitionCopy } from './partition-copy.ts';
import type { ShardSessionOptions } from './shard-session.ts';
import { judgeTrouble } from './source-trouble.ts';
import type { TargetPartition } from './target-partition.ts';

/** After so long what could not be copied is tried again. */
const retryMs = 60_000;
/** What the target's topic takes is known for so long. */
const limitsFreshMs = 1_000;

/** The session of the copies. */
export interface CopyTroublesHost {
  /** Aborts what is asked of the clusters. */
  readonly signal: AbortSignal;
  /** Has work done after a time, unless the session has ended by then. */
  later(ms: number, work: () => void): void;
  breakOff(error: Error): void;
  /** Whether it is to go on as soon as it can. */
  isWanted(copy: PartitionCopy): boolean;
  /** Has another copy go on where one ended, whose target is halted, by what its topic takes now. */
  renew(copy: PartitionCopy, limits: TargetLimits | undefined): void;
}

export class CopyTroubles {
  readonly #options: ShardSessionOptions;
  readonly #host: CopyTroublesHost;
  /** When copies began, by the monotonic clock. */
  readonly #began = new WeakMap<PartitionCopy, number>();
  /** Records of partitions for which it was looked at anew what the target's topic takes. */
  readonly #lookedFor = new Map<string, number>();

  constructor(options: ShardSessionOptions, host: CopyTroublesHost) {
    this.#options = options;
    this.#host = host;
  }

  /** A copy begins, by what its target's topic was just found to take. */
  began(copy: PartitionCopy): void {
    this.#began.set(copy, this.#monotonic);
  }

  /** What comes next of a partition can't be copied; what was fetched of it is. */
  sourceFailed(copy: PartitionCopy, error: MillraceError): void {
    const { source, reader, report, policies = {} } = this.#options;
    reader.remove(copy);
    if (isOfLimits(error) && !this.#isFresh(copy, error.offset)) return this.#renew(copy);
    const goOn = (): void => {
      if (this.#host.isWanted(copy)) reader.add(copy);
    };
    judgeTrouble(source, copy, error, policies, report, { signal: this.#host.signal }).then(
      (verdict) => {
        if ('standstill' in verdict) {
          copy.standstill.begin(verdict.standstill);
          this.#host.later(retryMs, isOfLimits(error) ? () => this.#renew(copy) : goOn);
        } else {
          copy.goOnAt(verdict.goOnAt, verdict.lost);
          goOn();
        }
      },
      (failure: Error) => this.#host.breakOff(failure),
    );
  }

  /** Whether it was just looked at what the target's topic takes, at least for the record at an offset. */
  #isFresh(copy: PartitionCopy, offset: number): boolean {
    const name = nameOf(copy);
    if (this.#lookedFor.get(name) === offset) return true;
    this.#lookedFor.set(name, offset);
    return this.#monotonic - (this.#began.get(copy) ?? 0) <= limitsFreshMs;
  }

  /** The target takes no more for a partition; whether for good is found out by trying again later, with it alone. */
  targetFailed(copy: PartitionCopy, error: Error): void {
    if (isFenced(error) || leavesOpen(error)) return this.#host.breakOff(error);
    const { target } = copy;
    const what = `${target.topic} [${target.partition}] takes nothing from the mirror`;
    this.#tellRefused(copy, `${what}: ${messageOf(error)}`, error);
    this.#host.later(retryMs, () => this.#renew(copy));
  }

  /** The target has taken nothing for so long, and is tried again all the time. `copy`: undefined for the journal. */
  stalled({ topic, partition, lastError: error }: TargetPartition, copy: PartitionCopy | undefined, ms: number): void {
    const why = error === undefined ? 'no leader answers for it' : messageOf(error);
    const what = `${topic} [${partition}] has taken nothing from the mirror for ${Math.round(ms / 1000)} s`;
    this.#tellRefused(copy, `${what}: ${why}`, error);
  }

  #tellRefused(copy: PartitionCopy | undefined, what: string, error: Error | undefined): void {
    const place = copy && { topic: copy.topic, partition: copy.partition };
    const message = `${what}; it is tried again`;
    this.#options.report({ level: 'error', event: 'partition_failed', message, ...place, error });
    if (copy === undefined) return;
    const { source: from } = copy.confirmed;
    const at = this.#options.target.settings.platform.clock.now();
    copy.standstill.begin({ reason: 'refused', from, to: from, at });
  }

  #renew(copy: PartitionCopy): void {
    this.#replace(copy).catch((failure: Error) => this.#host.breakOff(failure));
  }

  async #replace(copy: PartitionCopy): Promise<void> {
    const { reader, topicLimits } = this.#options;
    const { topic } = copy.target;
    reader.remove(copy);
    await copy.target.halt();
    const limits = await topicLimits?.([topic], this.#host.signal);
    if (this.#host.isWanted(copy)) this.#host.renew(copy, limits?.get(topic));
  }

  get #monotonic(): number {
    return this.#options.target.settings.platform.clock.monotonic();
  }
}

/** Whether it is about what the target's topic takes. */
function isOfLimits(error: MillraceError): error is RecordTooLargeError | RecordTimeError {
  return error instanceof RecordTooLargeError || error instanceof RecordTimeError;
}
