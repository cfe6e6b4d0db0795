/**
 * The target of a producer's or consumer's topics, as answers change. An answer that can't be followed (its topics lie
 * apart, say, while some have moved and others not yet) changes nothing, and is reported.
 */
import type { ConfigWant, InstanceKeyPair } from '@millrace/api/config';
import { isMillraceError, messageOf, type Platform } from '@millrace/base';
import { ClosedError } from '@millrace/client';
import { abortable } from '@millrace/client/protocol';
import type { AnswerSource, KnownAnswer } from '../answers/answer-source.ts';
import type { Report } from '../report.ts';
import { Wanted } from '../wanted.ts';
import type { ClusterClients } from './cluster-clients.ts';
import type { ClusterIds } from './cluster-ids.ts';
import { type Target, targetOf } from './target.ts';

export interface FollowedTargetOptions {
  readonly source: Pick<AnswerSource, 'follow'>;
  readonly clients: Pick<ClusterClients, 'learn'>;
  readonly ids: Pick<ClusterIds, 'incarnation' | 'idOf'>;
  readonly key: InstanceKeyPair;
  readonly wants: readonly ConfigWant[];
  /** Options that the program gives itself. */
  readonly own?: object | undefined;
  /** Bound on the first target, in ms. */
  readonly timeoutMs: number;
  readonly platform: Platform;
  /** Gives the first target up. */
  readonly signal: AbortSignal;
  readonly report: Report;
  /** Called when an answer came, whether it changed the target or not. */
  readonly changed: () => void;
}

export class FollowedTarget {
  readonly #options: FollowedTargetOptions;
  readonly #scope = new AbortController();
  #answers: readonly KnownAnswer[] = [];
  #wanted: Wanted | undefined;
  #refreshing: Promise<void> = Promise.resolve();
  #came = Promise.withResolvers<void>();
  #toldUnknown = '';

  private constructor(options: FollowedTargetOptions) {
    this.#options = options;
  }

  /** @throws ConfigUnavailableError, ConfigRefusedError, TopicsApartError, UnfitAnswerError, SealedCredentialError */
  static async open(options: FollowedTargetOptions): Promise<FollowedTarget> {
    const followed = new FollowedTarget(options);
    try {
      await followed.#open();
      return followed;
    } catch (error) {
      followed.close();
      throw error;
    }
  }

  get wanted(): Wanted {
    return this.#wanted as Wanted;
  }

  get answers(): readonly KnownAnswer[] {
    return this.#answers;
  }

  /** Waits until a condition about the answers holds. Rejects with what `otherwise` makes when the time is over. */
  async until(holds: () => boolean, otherwise: (waitedMs: number) => Error): Promise<void> {
    const { timeoutMs, platform, signal } = this.#options;
    const deadline = platform.clock.monotonic() + timeoutMs;
    while (!holds()) {
      const leftMs = deadline - platform.clock.monotonic();
      if (leftMs <= 0) throw otherwise(timeoutMs);
      await this.#another(leftMs, signal);
      await this.#refreshing;
    }
  }

  close(): void {
    this.#scope.abort(new ClosedError('client'));
  }

  async #open(): Promise<void> {
    const { source, wants, timeoutMs, platform, signal } = this.#options;
    const deadline = platform.clock.monotonic() + timeoutMs;
    const scope = AbortSignal.any([signal, this.#scope.signal]);
    const follow = (want: ConfigWant) => source.follow(want, () => this.#changed(), timeoutMs, scope);
    this.#answers = await Promise.all(wants.map(follow));
    for (;;) {
      try {
        this.#wanted = new Wanted(await this.#target());
        return;
      } catch (error) {
        // A copy that this instance can do nothing with, since it lost its key: a service may give a better one.
        const mayBecomeGood = isMillraceError(error) && this.#answers.some(({ from }) => from === 'disk');
        const leftMs = deadline - platform.clock.monotonic();
        if (!mayBecomeGood || leftMs <= 0) throw error;
        await this.#another(leftMs, scope);
      }
    }
  }

  async #another(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const timer = this.#options.platform.timers.after(timeoutMs, () => this.#came.resolve());
    try {
      await abortable(this.#came.promise, signal);
      this.#came = Promise.withResolvers();
    } finally {
      timer.cancel();
    }
  }

  #changed(): void {
    this.#came.resolve();
    this.#refreshing = this.#refreshing.then(() => this.#refresh());
  }

  async #refresh(): Promise<void> {
    const wanted = this.#wanted;
    if (wanted === undefined || this.#scope.signal.aborted) return;
    try {
      wanted.target = await this.#target();
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      const isWaiting = error.code === 'topics_apart';
      const message = `going on as before: ${messageOf(error)}`;
      const event = isWaiting ? 'switch_waits' : 'config_unfit';
      this.#options.report({ level: isWaiting ? 'info' : 'error', event, message, error });
    }
    this.#options.changed();
  }

  async #target(): Promise<Target> {
    const { key, clients, report, own, ids } = this.#options;
    const answers = this.#answers.flatMap(({ answer }) => (answer === undefined ? [] : [answer]));
    const target = await targetOf(answers, key, own, ids);
    clients.learn(target);
    const unknown = target.unknown.join(', ');
    if (unknown !== this.#toldUnknown && unknown !== '') {
      const message = `settings that this client does not know are passed over: ${unknown}`;
      report({ level: 'warn', event: 'setting_unknown', message });
    }
    this.#toldUnknown = unknown;
    return target;
  }
}
