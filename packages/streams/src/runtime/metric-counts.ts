/** Counts what a job does, for `JobMetrics`. */
import type { OperatorCounts } from '../task/operator-counts.ts';
import { DurationHistogram } from './duration-histogram.ts';
import type { JobMetrics } from './job-event.ts';

export class MetricCounts {
  recordsIn = 0;
  recordsOut = 0;
  recordsSetAside = 0;
  resultsSetAside = 0;
  recordsRestored = 0;
  recordsCopied = 0;
  transactionsGivenUp = 0;
  #commits = 0;
  #commitMs = 0;
  #lastCommitMs = 0;
  readonly #commitDurations = new DurationHistogram();
  readonly #recordDurations = new DurationHistogram();
  readonly #late = new Map<string, number>();
  readonly #operators = new Map<string, OperatorCounts>();

  late(operator: string): void {
    this.#late.set(operator, (this.#late.get(operator) ?? 0) + 1);
  }

  /** What an operator counts in, in all tasks. */
  operator(name: string): OperatorCounts {
    const counts = this.#operators.get(name) ?? { recordsIn: 0, recordsOut: 0 };
    this.#operators.set(name, counts);
    return counts;
  }

  committed(ms: number): void {
    this.#commits++;
    this.#commitMs += ms;
    this.#lastCommitMs = ms;
    this.#commitDurations.record(ms);
  }

  /** So many records took so long in all. */
  worked(records: number, ms: number): void {
    if (records > 0) this.#recordDurations.record(ms / records, records);
  }

  snapshot(present: Pick<JobMetrics, 'tasks' | 'restoring' | 'standbyLags'>): JobMetrics {
    const { recordsIn, recordsOut, recordsRestored, recordsCopied, transactionsGivenUp } = this;
    const { recordsSetAside, resultsSetAside } = this;
    return {
      ...{ recordsIn, recordsOut, recordsRestored, recordsCopied, transactionsGivenUp },
      ...{ recordsSetAside, resultsSetAside },
      ...present,
      lateRecords: Object.fromEntries(this.#late),
      operators: Object.fromEntries([...this.#operators].map(([name, counts]) => [name, { ...counts }])),
      commits: this.#commits,
      commitMs: this.#commitMs,
      lastCommitMs: this.#lastCommitMs,
      commitDurations: this.#commitDurations.snapshot(),
      recordDurations: this.#recordDurations.snapshot(),
    };
  }
}
