/**
 * Tells the service what this instance's streams see, as often as the service wants it; and once that there are none
 * any more, so that nobody waits for what it would have said.
 */
import { callContract } from '@millrace/api';
import { type ConfigEnrolment, type ConfigReport, configReportContract } from '@millrace/api/config';
import { isMillraceError, messageOf, type Platform, type Timer } from '@millrace/base';
import type { Report } from '../report.ts';

const firstMs = 2_000;
const everyMs = 10_000;
const leastMs = 1_000;
const callTimeoutMs = 5_000;
const goodbyeTimeoutMs = 1_000;

export interface ReporterOptions {
  readonly enrolment: ConfigEnrolment;
  readonly platform: Pick<Platform, 'timers' | 'randomness'>;
  /** The service that tells of changes now. */
  readonly service: () => string | undefined;
  readonly collect: () => ConfigReport;
  readonly report: Report;
}

export class Reporter {
  readonly #options: ReporterOptions;
  readonly #abort = new AbortController();
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;
  /** Whether the service was told of streams last. */
  #hasTold = false;
  /** The reason of the last failure, so that one is told once. */
  #failing = '';

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#after(firstMs);
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#abort.abort();
    await this.#sending;
    const url = this.#options.service();
    if (url === undefined || !this.#hasTold) return;
    try {
      await this.#call(url, { ...this.#options.collect(), streams: [] }, AbortSignal.timeout(goodbyeTimeoutMs));
    } catch (error) {
      // It is taken to be gone after a while.
      if (!isMillraceError(error) && !(error instanceof DOMException)) throw error;
    }
  }

  async #call(url: string, body: ConfigReport, signal: AbortSignal): Promise<number> {
    const { token } = this.#options.enrolment;
    const { everyMs: wantedMs } = await callContract(url, configReportContract, { body }, { token, signal });
    this.#hasTold = body.streams.length > 0;
    return wantedMs;
  }

  #after(ms: number): void {
    const { timers, randomness } = this.#options.platform;
    // Instances that were started together do not report together.
    this.#timer = timers.after(Math.ceil(ms * (0.9 + 0.2 * randomness.float())), () => {
      this.#sending = this.#send();
    });
    this.#timer.unref();
  }

  async #send(): Promise<void> {
    const { collect, service } = this.#options;
    const url = service();
    const body = collect();
    let nextMs = everyMs;
    if (url !== undefined && (body.streams.length > 0 || this.#hasTold)) {
      const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(callTimeoutMs)]);
      try {
        nextMs = Math.max(leastMs, await this.#call(url, body, signal));
        this.#failing = '';
      } catch (error) {
        this.#failed(url, error);
      }
    }
    if (!this.#abort.signal.aborted) this.#after(nextMs);
  }

  #failed(url: string, error: unknown): void {
    if (this.#abort.signal.aborted) return;
    if (!isMillraceError(error) && !(error instanceof DOMException)) throw error;
    if (this.#failing === error.message) return;
    this.#failing = error.message;
    const message = `what the clients see could not be reported to ${url}: ${messageOf(error)}`;
    this.#options.report({ level: 'info', event: 'report_failed', message, error });
  }
}
