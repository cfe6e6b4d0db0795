/**
 * Lines of this very process. They are never waited for: those of the time before the intake is there are kept up to a
 * bound, and what can't be stored is counted and left out, without another line about it.
 */
import { hostname } from 'node:os';
import type { LogLine } from '../line/log-line.ts';
import type { Severity } from '../line/severity.ts';
import type { LineIntake } from './line-intake.ts';

const keptMax = 1_000;

export class OwnLog {
  readonly #labels: Readonly<Record<string, string>>;
  #intake: LineIntake | undefined;
  #kept: LogLine[] = [];
  leftOut = 0;

  /** `service`: what the process is. */
  constructor(service: string) {
    this.#labels = { service, host: hostname() };
  }

  write(severity: Severity, body: string): void {
    const now = Date.now();
    const line: LogLine = { time: now, received: now, severity, body, labels: this.#labels };
    if (this.#intake !== undefined) this.#store(this.#intake, [line]);
    else if (this.#kept.length < keptMax) this.#kept.push(line);
    else this.leftOut++;
  }

  /** Tells, and writes a line of it. */
  warning(tell: (message: string) => void): (message: string) => void {
    return (message) => {
      tell(message);
      this.write('warn', message);
    };
  }

  /** From now on lines go there, those kept so far first. */
  attach(intake: LineIntake): void {
    this.#intake = intake;
    this.#store(intake, this.#kept);
    this.#kept = [];
  }

  #store(intake: LineIntake, lines: readonly LogLine[]): void {
    void intake.store(lines).catch(() => {
      this.leftOut += lines.length;
    });
  }
}
