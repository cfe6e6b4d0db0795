/**
 * A server that is started again when it ends without being asked to, for as long as it is wanted: at once, and more
 * slowly when it does not stay.
 */
import { messageOf, sleep, systemTimers } from '@millrace/base';
import type { GuardedProcess } from '../processes/guarded-process.ts';

export interface SupervisedOptions {
  /** Resolves when it serves; `onEnd` is told how it ended after that. */
  launch(onEnd: (how: string) => void, signal: AbortSignal): Promise<GuardedProcess>;
  /** Told how it ended, and what becomes of that, in sentences. */
  readonly report: (sentence: string) => void;
  /** Where it says why. */
  readonly logFile: string;
}

const delayMsMin = 100;
const delayMsMax = 30_000;
/** What ran so long has not ended for the same reason as the time before. */
const steadyMs = 60_000;

export class SupervisedServer {
  readonly #options: SupervisedOptions;
  readonly #stop = new AbortController();
  #server: GuardedProcess;
  #servesFrom = performance.now();
  #delayMs = delayMsMin;
  #recovering: Promise<void> = Promise.resolve();

  private constructor(options: SupervisedOptions, server: GuardedProcess) {
    this.#options = options;
    this.#server = server;
  }

  /** Rejects when it does not start the first time. */
  static async start(options: SupervisedOptions): Promise<SupervisedServer> {
    const ending = Promise.withResolvers<string>();
    const server = await options.launch(ending.resolve, new AbortController().signal);
    const supervised = new SupervisedServer(options, server);
    ending.promise.then((how) => supervised.#ended(how));
    return supervised;
  }

  get pid(): number {
    return this.#server.pid;
  }

  /** Ends it with SIGINT, or keeps it from being started again. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#recovering;
    await this.#server.stop('SIGINT');
  }

  #ended(how: string): void {
    if (this.#stop.signal.aborted) return;
    const { report, logFile } = this.#options;
    report(`PostgreSQL ended (${how}) and is started again; ${logFile} says why it ended`);
    this.#delayMs = performance.now() - this.#servesFrom > steadyMs ? delayMsMin : this.#slower();
    this.#recovering = this.#startAgain();
  }

  #slower(): number {
    return Math.min(delayMsMax, this.#delayMs * 2);
  }

  async #startAgain(): Promise<void> {
    const { launch, report } = this.#options;
    const { signal } = this.#stop;
    let told = '';
    for (;;) {
      await sleep(systemTimers, this.#delayMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const ending = Promise.withResolvers<string>();
        this.#server = await launch(ending.resolve, signal);
        this.#servesFrom = performance.now();
        ending.promise.then((how) => this.#ended(how));
        report('PostgreSQL serves again');
        return;
      } catch (error) {
        if (signal.aborted) return;
        const sentence = messageOf(error);
        if (sentence !== told) report(`${sentence}; it is tried again`);
        told = sentence;
        this.#delayMs = this.#slower();
      }
    }
  }
}
