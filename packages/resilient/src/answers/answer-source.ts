/**
 * The answers that this client obeys: from disk at once where there is a good copy, and from the services as they push
 * them. An answer that can't be trusted changes nothing; one in use goes on being obeyed when it expires while no
 * service can be reached, since stopping would help nobody: expiry is for starting.
 */
import { callContract, compileChecker, type ServerSentEvent } from '@millrace/api';
import {
  type ConfigAnswer,
  type ConfigEnrolment,
  ConfigKeysAnswer,
  type ConfigProblem,
  type ConfigWant,
  configKeysContract,
  GivenAnswer,
  RefusedAnswer,
  UntrustedConfigError,
} from '@millrace/api/config';
import { isMillraceError, messageOf, type Platform } from '@millrace/base';
import { abortable } from '@millrace/client/protocol';
import { ConfigRefusedError, ConfigUnavailableError } from '../errors.ts';
import type { Report } from '../report.ts';
import { type AnswerStore, wantKey, wantText } from './answer-store.ts';
import { ConfigWatches } from './config-watches.ts';
import { OlderAnswers } from './older-answers.ts';

const given = compileChecker(GivenAnswer);
const refused = compileChecker(RefusedAnswer);
const keysAnswer = compileChecker(ConfigKeysAnswer);
const keysTimeoutMs = 10_000;

export interface AnswerSourceOptions {
  readonly enrolment: ConfigEnrolment;
  readonly store: AnswerStore;
  readonly platform: Pick<Platform, 'clock' | 'timers' | 'randomness'>;
  readonly site: string | undefined;
  readonly report: Report;
  /** How long a service may be behind what was seen before it is told, in ms. Default 30,000. */
  readonly olderMs?: number | undefined;
}

/** What is known of one want. */
export interface KnownAnswer {
  readonly want: ConfigWant;
  answer: ConfigAnswer | undefined;
  from: 'disk' | 'service' | undefined;
  /** What the service last said instead of an answer. */
  problem: ConfigProblem | undefined;
}

interface Followed extends KnownAnswer {
  /** Why the copy on disk is not used. */
  copy: string;
  /** The copy was looked for. */
  looked: Promise<void>;
  readonly listeners: Set<() => void>;
}

export class AnswerSource {
  readonly #options: AnswerSourceOptions;
  readonly #watches: ConfigWatches;
  readonly #followed = new Map<string, Followed>();
  readonly #older: OlderAnswers;
  #untrusted = 0;

  constructor(options: AnswerSourceOptions) {
    const { enrolment, platform, site, store, report } = options;
    this.#options = options;
    this.#older = new OlderAnswers({ platform, report, graceMs: options.olderMs });
    this.#watches = new ConfigWatches({
      enrolment,
      platform,
      instance: { id: store.instance.id, key: store.instance.key.publicKey, site },
      report,
      take: (event, service) => this.#take(event, service),
    });
  }

  /** Base URL of the service that pushes changes now. */
  get service(): string | undefined {
    return this.#watches.service;
  }

  /** Answers of services that were older than ones seen. */
  get older(): number {
    return this.#older.count;
  }

  /** Answers of services and copies that were refused. */
  get untrusted(): number {
    return this.#untrusted;
  }

  /**
   * Follows an answer: `changed` is called whenever a service has told it, changed or not, until the signal aborts.
   * Resolves with the first one: the copy if it is good, else that of a service.
   *
   * @throws ConfigUnavailableError when there is none within `timeoutMs`, ConfigRefusedError, the signal's reason
   */
  async follow(want: ConfigWant, changed: () => void, timeoutMs: number, signal: AbortSignal): Promise<KnownAnswer> {
    const key = wantKey(want);
    const followed = this.#followed.get(key) ?? this.#begin(want);
    try {
      await followed.looked;
    } catch (error) {
      this.#unfollow(followed, changed);
      throw error;
    }
    if (followed.answer === undefined) await this.#first(followed, timeoutMs, signal);
    signal.throwIfAborted();
    followed.listeners.add(changed);
    signal.addEventListener('abort', () => this.#unfollow(followed, changed), { once: true });
    return followed;
  }

  async close(): Promise<void> {
    await this.#watches.close();
  }

  #begin(want: ConfigWant): Followed {
    const looked = Promise.resolve();
    const nothing = { answer: undefined, from: undefined, problem: undefined, copy: '' } as const;
    const followed: Followed = { want, ...nothing, looked, listeners: new Set() };
    this.#followed.set(wantKey(want), followed);
    followed.looked = this.#loadCopy(followed);
    this.#watches.add(want);
    return followed;
  }

  #unfollow(followed: Followed, changed: () => void): void {
    followed.listeners.delete(changed);
    if (followed.listeners.size > 0 || !this.#followed.delete(wantKey(followed.want))) return;
    this.#older.over(wantKey(followed.want));
    this.#watches.remove(followed.want);
  }

  async #loadCopy(known: Followed): Promise<void> {
    const { store, report } = this.#options;
    try {
      const copy = await store.load(known.want);
      if (copy === undefined) known.copy = 'there is no copy of an earlier answer';
      // A service may have been quicker.
      else if (known.answer === undefined) {
        known.answer = copy;
        known.from = 'disk';
      }
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      this.#untrusted++;
      known.copy = `the copy of an earlier answer is refused (${error.message})`;
      const message = `the copy of the answer for ${wantText(known.want)} is refused: ${error.message}`;
      report({ level: 'error', event: 'config_untrusted', message, error });
    }
  }

  async #first(known: Followed, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { timers, clock } = this.#options.platform;
    const { application } = this.#options.enrolment;
    const [askedAt, woken] = [clock.monotonic(), { next: Promise.withResolvers<void>() }];
    const wake = (): void => woken.next.resolve();
    let isOver = false;
    const timer = timers.after(timeoutMs, () => {
      isOver = true;
      wake();
    });
    known.listeners.add(wake);
    try {
      while (known.answer === undefined) {
        const { problem } = known;
        if (problem !== undefined && (isOver || problem.code === 'no_use')) {
          throw new ConfigRefusedError(application, known.want, problem.code, problem.detail);
        }
        if (isOver) throw this.#unavailable(known, Math.round(clock.monotonic() - askedAt));
        await abortable(woken.next.promise, signal);
        woken.next = Promise.withResolvers();
      }
    } catch (error) {
      this.#unfollow(known, wake);
      throw error;
    } finally {
      timer.cancel();
      known.listeners.delete(wake);
    }
  }

  #unavailable({ want, copy }: Followed, waitedMs: number): ConfigUnavailableError {
    const { services } = this.#options.enrolment;
    const problems = new Map(services.map((url) => [url, this.#watches.problems.get(url) ?? 'no answer yet'] as const));
    return new ConfigUnavailableError(want.topic, waitedMs, problems, copy);
  }

  async #take({ event, data }: ServerSentEvent, service: string): Promise<void> {
    if (event === 'answer' && given.check(data)) await this.#takeAnswer(data, data.signed, service);
    else if (event === 'refused' && refused.check(data)) this.#takeRefusal(data, data.problem);
    else if (event === 'keys' && keysAnswer.check(data)) await this.#takeKeys(data.keys, service);
  }

  async #takeAnswer(want: ConfigWant, signed: string, service: string): Promise<void> {
    const known = this.#followed.get(wantKey(want));
    if (known === undefined) return;
    let answer: ConfigAnswer;
    try {
      answer = await this.#accept(known.want, signed, service);
    } catch (error) {
      if (!(error instanceof UntrustedConfigError)) throw error;
      if (error.reason === 'older') return this.#older.passedOver(wantKey(want), service, error.message);
      this.#untrusted++;
      const message = `${service} sent an answer for ${wantText(want)} that is refused: ${error.message}`;
      this.#options.report({ level: 'error', event: 'config_untrusted', message, error });
      return;
    }
    this.#older.over(wantKey(want));
    known.answer = answer;
    known.from = 'service';
    known.problem = undefined;
    for (const listener of [...known.listeners]) listener();
  }

  async #accept(want: ConfigWant, signed: string, service: string): Promise<ConfigAnswer> {
    const { store } = this.#options;
    try {
      return await store.accept(want, signed);
    } catch (error) {
      if (!(error instanceof UntrustedConfigError) || error.reason !== 'unknown_key') throw error;
      await this.#followChain(service);
      return await store.accept(want, signed);
    }
  }

  #takeRefusal(want: ConfigWant, problem: ConfigProblem): void {
    const known = this.#followed.get(wantKey(want));
    if (known === undefined) return;
    known.problem = problem;
    const then = known.answer === undefined ? '' : '; going on with the answer before';
    const message = `no answer for ${wantText(want)}: ${problem.detail}${then}`;
    this.#options.report({ level: 'warn', event: 'config_refused', message });
    for (const listener of [...known.listeners]) listener();
  }

  async #takeKeys(signed: string, service: string): Promise<void> {
    try {
      await this.#options.store.follow([signed]);
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      if (error instanceof UntrustedConfigError && error.reason === 'unknown_key') await this.#followChain(service);
      else this.#keysFailed(service, error);
    }
  }

  /** All sets that there were: this client was away for more than one change of keys. */
  async #followChain(service: string): Promise<void> {
    try {
      const signal = AbortSignal.timeout(keysTimeoutMs);
      const { chain } = await callContract(service, configKeysContract, {}, { signal });
      await this.#options.store.follow(chain);
    } catch (error) {
      if (!isMillraceError(error) && !(error instanceof DOMException)) throw error;
      this.#keysFailed(service, error);
    }
  }

  #keysFailed(service: string, error: Error): void {
    const message = `the signing keys of ${service} can't be followed: ${messageOf(error)}`;
    this.#options.report({ level: 'error', event: 'config_untrusted', message, error });
  }
}
