/** Counts what a job does, for `JobMetrics`. */
import type { JobMetrics } from './job-event.ts';

export class MetricCounts {
  recordsIn = 0;
  recordsOut = 0;
  recordsSetAside = 0;
  recordsRestored = 0;
  recordsCopied = 0;
  transactionsGivenUp = 0;
  #commits = 0;
  #commitMs = 0;
  #lastCommitMs = 0;
  readonly #late = new Map<string, number>();

  late(operator: string): void {
    this.#late.set(operator, (this.#late.get(operator) ?? 0) + 1);
  }

  committed(ms: number): void {
    this.#commits++;
    this.#commitMs += ms;
    this.#lastCommitMs = ms;
  }

  snapshot(tasks: readonly string[], standbyLags: JobMetrics['standbyLags']): JobMetrics {
    const { recordsIn, recordsOut, recordsSetAside, recordsRestored, recordsCopied, transactionsGivenUp } = this;
    return {
      ...{ recordsIn, recordsOut, recordsSetAside, recordsRestored, recordsCopied, transactionsGivenUp },
      ...{ tasks, standbyLags },
      lateRecords: Object.fromEntries(this.#late),
      commits: this.#commits,
      commitMs: this.#commitMs,
      lastCommitMs: this.#lastCommitMs,
    };
  }
}
