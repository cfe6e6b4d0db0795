/**
 * Answers that are older than ones that were seen, and so are passed over. A process of the service may be behind by a
 * moment; where it lasts, its database was set back, and nothing that it says is followed any more: that is told, once.
 */
import type { Platform, Timer } from '@millrace/base';
import type { Report } from '../report.ts';

export interface OlderAnswersOptions {
  readonly platform: Pick<Platform, 'timers'>;
  readonly report: Report;
  /** How long it may last before it is told, in ms. Default 30,000. */
  readonly graceMs?: number | undefined;
}

const graceMsDefault = 30_000;

export class OlderAnswers {
  readonly #options: OlderAnswersOptions;
  /** What is answered so now, and what was said of it last. */
  readonly #behind = new Map<string, string>();
  #timer: Timer | undefined;
  #count = 0;

  constructor(options: OlderAnswersOptions) {
    this.#options = options;
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /** The service answered this want by an earlier state, as `problem` says. */
  passedOver(want: string, service: string, problem: string): void {
    this.#count++;
    this.#behind.set(want, problem);
    const { platform, report, graceMs = graceMsDefault } = this.#options;
    this.#timer ??= platform.timers
      .after(graceMs, () => {
        const [first = ''] = this.#behind.values();
        const others = this.#behind.size > 1 ? `, and ${this.#behind.size - 1} like it` : '';
        const message =
          `${service} answers by an earlier state than was seen here, and is not followed (${first}${others}); ` +
          'going on with what is known. If its database was restored from a backup, ' +
          'run `millrace config rotate-keys --after-restore`';
        report({ level: 'error', event: 'config_older', message });
      })
      .unref();
  }

  /** It was answered by what is no older, or is followed no more. */
  over(want: string): void {
    if (!this.#behind.delete(want) || this.#behind.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
