/**
 * One mirror that this process runs: tried until it starts, with longer waits each time, then left to itself, since a
 * worker goes on by itself after whatever happens to its clusters. Knows nothing of leases and databases: workers of a
 * mirror are no danger to each other, whoever runs them.
 */
import type { MirrorState, MirrorTrouble } from '@millrace/api/fleet';
import { isMillraceError, messageOf, type Platform, sleep } from '@millrace/base';
import type { MirrorEvent, Mirror as RunningMirror } from '@millrace/mirror';
import { storable } from '../database/json.ts';
import { copiedSoFar, type RunStatus } from './run-status.ts';

export interface MirrorRunOptions {
  readonly name: string;
  readonly platform: Platform;
  /** Starts a worker; gives up when the signal aborts. */
  readonly start: (signal: AbortSignal, report: (event: MirrorEvent) => void) => Promise<RunningMirror>;
  readonly report: (message: string) => void;
  /** Before the second try; twice as long before each further one, up to a minute. Default 1,000. */
  readonly retryMs?: number | undefined;
}

const retryMsDefault = 1_000;
const retryMsMax = 60_000;
const troublesMax = 20;

export class MirrorRun {
  readonly #options: MirrorRunOptions;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #mirror: RunningMirror | undefined;
  #state: MirrorState = 'starting';
  #since: number;
  #problem: string | null = null;
  #troubles: MirrorTrouble[] = [];
  /** Of the failover of it, if it was told of one. */
  #failedOver: string | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(options: MirrorRunOptions) {
    this.#options = options;
    this.#since = options.platform.clock.now();
    this.#ended = this.#run();
  }

  /** Resolves when its state is another one. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  status(): RunStatus {
    const nothing = { figures: null, partitions: [], standstill: null };
    const { figures, partitions, standstill } = this.#mirror === undefined ? nothing : copiedSoFar(this.#mirror);
    if (this.#failedOver !== undefined && this.#state === 'running' && figures?.topicCount === 0) {
      this.#set('failed_over', this.#failedOver);
    } else if (this.#state === 'failed_over' && (figures?.topicCount ?? 0) > 0) this.#set('running', null);
    const { state, since, problem } = { state: this.#state, since: this.#since, problem: this.#problem ?? standstill };
    return { state, since, problem, figures, partitions, troubles: [...this.#troubles] };
  }

  /** Resolves when nothing is copied any more, and how far it came is written down. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const mirror = await this.#started(signal);
    if (mirror === undefined) return;
    this.#mirror = mirror;
    this.#set('running', null);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    try {
      await mirror.close();
    } catch (error) {
      this.#options.report(`mirror ${this.#options.name} did not close cleanly: ${messageOf(error)}`);
    }
  }

  /** Undefined when it was stopped before. */
  async #started(signal: AbortSignal): Promise<RunningMirror | undefined> {
    const { name, platform, start, report, retryMs = retryMsDefault } = this.#options;
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        return await start(signal, (event) => this.#told(event));
      } catch (error) {
        if (signal.aborted) return undefined;
        const problem = problemOf(error);
        const isOver = isMillraceError(error, 'mirror_failed_over');
        // Where a defect is, is for whoever mends it.
        const told = isMillraceError(error) || !(error instanceof Error) ? problem : (error.stack ?? problem);
        if (problem !== this.#problem && !isOver) report(`mirror ${name} can't be started, trying again: ${told}`);
        this.#set(isOver ? 'failed_over' : 'failing', problem);
      }
      const waitMs = Math.min(retryMs * 2 ** Math.min(tries, 30), retryMsMax);
      await sleep(platform.timers, waitMs, signal).catch(() => undefined);
    }
    return undefined;
  }

  #told({ level, event, message, topic, partition }: MirrorEvent): void {
    if (event === 'failed_over') this.#failedOver = storable(message);
    if (level === 'info') return;
    const at = new Date(this.#options.platform.clock.now()).toISOString();
    const place = { topic: topic ?? null, partition: partition ?? null };
    this.#troubles = [{ at, level, event, message: storable(message), ...place }, ...this.#troubles].slice(
      0,
      troublesMax,
    );
  }

  #set(state: MirrorState, problem: string | null): void {
    if (state === this.#state && problem === this.#problem) return;
    if (state !== this.#state) this.#since = this.#options.platform.clock.now();
    this.#state = state;
    this.#problem = problem;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

function problemOf(error: unknown): string {
  const hint = isMillraceError(error) ? error.hint : undefined;
  return storable(hint === undefined ? messageOf(error) : `${messageOf(error)} (${hint})`);
}
