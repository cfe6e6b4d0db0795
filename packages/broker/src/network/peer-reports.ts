/** What the operator is told of peers, bounded, so that nobody fills the log from outside. */
import type { Clock } from '@millrace/base';

export interface PeerReport {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
}

const reportsPerSecondMax = 20;

export class PeerReports {
  readonly #clock: Clock;
  readonly #report: (event: PeerReport) => void;
  #count = 0;
  #sinceMs = 0;

  constructor(clock: Clock, report: (event: PeerReport) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Passes a report on, unless there were too many in this second; errors always. */
  readonly report = (event: PeerReport): void => {
    const now = this.#clock.monotonic();
    if (now - this.#sinceMs >= 1000) {
      const silent = this.#count - reportsPerSecondMax;
      if (silent > 0) this.#report({ level: 'warn', message: `and ${silent} more reports on connections` });
      this.#sinceMs = now;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count <= reportsPerSecondMax || event.level === 'error') this.#report(event);
  };
}
