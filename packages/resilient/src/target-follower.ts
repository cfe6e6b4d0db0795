/**
 * Follows what is wanted: makes a side for each new target, which has to reach its cluster and find the topics there
 * before anything is exchanged. What can't be is tried again, with pauses that double, while what works now works on;
 * a try for what nobody wants any more is ended. What is in the way is told once for as long as it is the same.
 */
import { isMillraceError, messageOf, type Platform, sleep } from '@millrace/base';
import { backoffMs } from '@millrace/client/protocol';
import type { Target } from './clients/target.ts';
import type { Report } from './report.ts';
import type { Wanted } from './wanted.ts';

const retry = { retryBackoffMs: 500, retryBackoffMaxMs: 30_000 } as const;

/** A plain producer or consumer that takes no part yet. */
export interface NextSide {
  /** Resolves once the cluster answers and knows the topics. Rejects with what is in the way. */
  reach(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface TargetFollowerOptions<Side extends NextSide> {
  readonly platform: Platform;
  readonly wanted: Wanted;
  readonly report: Report;
  /** What the present side was made for. */
  readonly present: () => Target;
  /** Whether it is time to go to a target. */
  readonly mayGoTo: (target: Target) => boolean;
  readonly makeSide: (target: Target) => Side;
  /** Exchanges the sides; answers whether anything is to be followed after this. */
  readonly switchTo: (next: Side) => Promise<boolean>;
}

export class TargetFollower<Side extends NextSide> {
  readonly #options: TargetFollowerOptions<Side>;
  readonly #abort = new AbortController();
  readonly #following: Promise<void>;
  /** The target and the kind of error that were told last. */
  #told = '';

  constructor(options: TargetFollowerOptions<Side>) {
    this.#options = options;
    this.#following = this.#follow();
  }

  /** Nothing new is followed; resolves when an exchange that is under way has ended. */
  async end(reason: Error): Promise<void> {
    this.#abort.abort(reason);
    await this.#following;
  }

  async #follow(): Promise<void> {
    const { wanted, present, mayGoTo, switchTo } = this.#options;
    const { signal } = this.#abort;
    const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    for (let failures = 0; !signal.aborted; ) {
      const { target, changed } = wanted;
      if (target.fingerprint === present().fingerprint || !mayGoTo(target)) {
        failures = 0;
        await Promise.race([changed, ended]);
        continue;
      }
      const next = await wanted.workFor(target, (superseded) => this.#prepare(target, superseded));
      if (next === undefined) {
        if (wanted.isStill(target)) await this.#pause(++failures);
        continue;
      }
      failures = 0;
      // Another answer came meanwhile, or the end: nothing was handed to it yet.
      if (signal.aborted || !wanted.isStill(target)) await next.close();
      else if (!(await switchTo(next))) return;
    }
  }

  /** A side for the target that reaches its cluster; undefined when there is none now, which is reported. */
  async #prepare(target: Target, superseded: AbortSignal): Promise<Side | undefined> {
    const signal = AbortSignal.any([this.#abort.signal, superseded]);
    let side: Side | undefined;
    try {
      side = this.#options.makeSide(target);
      await side.reach(signal);
      this.#told = '';
      return side;
    } catch (error) {
      await side?.close();
      if (signal.aborted) return undefined;
      if (!isMillraceError(error)) throw error;
      const told = `${error.code} ${target.fingerprint}`;
      if (told === this.#told) return undefined;
      this.#told = told;
      const message = `can't go to cluster ${target.cluster.name} yet, going on as before: ${messageOf(error)}`;
      this.#options.report({ level: 'warn', event: 'switch_failed', message, error });
      return undefined;
    }
  }

  /** Ends early when something else is wanted. */
  async #pause(failures: number): Promise<void> {
    const { platform, wanted } = this.#options;
    const early = new AbortController();
    const { signal } = this.#abort;
    const stop = (): void => early.abort();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    void wanted.changed.then(stop);
    try {
      await sleep(platform.timers, backoffMs(retry, failures, platform.randomness), early.signal);
    } catch (error) {
      if (!early.signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}
