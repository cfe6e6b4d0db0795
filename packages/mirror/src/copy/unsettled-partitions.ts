/**
 * Partitions of an open shard whose copies can't begin yet, as their leaders don't answer, or what is said of them
 * can't be understood. The others are copied meanwhile; these are tried again, after ever longer pauses, and told of
 * when that lasts.
 */

import { type Clock, type MillraceError, messageOf } from '@millrace/base';
import type { MirrorReport } from '../mirror-event.ts';
import type { CopiedPartition } from './copied-partition.ts';
import type { Settled } from './resume-points.ts';

export interface UnsettledHost {
  readonly clock: Clock;
  readonly report: MirrorReport;
  later(ms: number, work: () => void): void;
  /** Tries again; answers which of the places still fail. */
  settle(places: readonly CopiedPartition[]): Promise<Settled['failed']>;
  /** Trying again failed for all. */
  failed(error: Error): void;
}

const pauseMsMin = 1_000;
const pauseMsMax = 60_000;
/** What passes by itself is told when it lasts longer. */
const toldAfterMs = 30_000;

export class UnsettledPartitions {
  readonly #host: UnsettledHost;

  constructor(host: UnsettledHost) {
    this.#host = host;
  }

  /** Takes partitions that are to be tried again. */
  add(failed: Settled['failed']): void {
    if (failed.size > 0) this.#wait(failed, pauseMsMin, this.#host.clock.monotonic());
  }

  #wait(failed: Settled['failed'], pauseMs: number, since: number): void {
    const isLong = this.#host.clock.monotonic() - since >= toldAfterMs;
    for (const [place, error] of failed) if (isLong || !error.retriable) this.#tell(place, error);
    this.#host.later(pauseMs, () => {
      this.#host.settle([...failed.keys()]).then(
        (left) => {
          if (left.size > 0) this.#wait(left, Math.min(2 * pauseMs, pauseMsMax), since);
        },
        (error: Error) => this.#host.failed(error),
      );
    });
  }

  #tell({ topic, partition, targetTopic }: CopiedPartition, error: MillraceError): void {
    const message = `where ${targetTopic} [${partition}] goes on can't be found out: ${messageOf(error)}`;
    this.#host.report({
      level: 'error',
      event: 'partition_failed',
      message: `${message}; it is tried again`,
      topic,
      partition,
      error,
    });
  }
}
