/**
 * A small config service for tests of its clients: real HTTP, the real contracts, real signatures; what it answers is
 * what the test says. It can be stopped and started again at the same address.
 */

import assert from 'node:assert/strict';
import { implement, type Principal, type Route, type ServerSentEvent } from '@millrace/api';
import {
  type ConfigAnswer,
  type ConfigEnrolment,
  type ConfigProblem,
  type ConfigReport,
  type ConfigWant,
  type CredentialSecret,
  configKeysContract,
  configReportContract,
  configWatchContract,
  parseWants,
  sealCredential,
} from '@millrace/api/config';
import { AnswerSigner, answerOf, testToken } from '@millrace/resilient/testing/answer-signer';
import { type HttpServer, startServer } from '@millrace/server';

export interface Told {
  readonly answer: Partial<ConfigAnswer>;
  /** What the answer's credential opens to. */
  readonly secret?: CredentialSecret | undefined;
}

interface Watcher {
  readonly wants: readonly ConfigWant[];
  readonly key: string | undefined;
  readonly due: Set<string>;
  wake(): void;
}

type Event = ServerSentEvent<never>;

export class TestConfigService implements AsyncDisposable {
  readonly signer: AnswerSigner;
  readonly reports: ConfigReport[] = [];
  /** How often a stream was opened. */
  opened = 0;
  /** Whether answers are signed as they should be. */
  readonly #told = new Map<string, Told | ConfigProblem>();
  readonly #watchers = new Set<Watcher>();
  #version = 0;
  #server: HttpServer | undefined;
  #port = 0;
  /** Sends this text in place of the next answers. */
  forged: string | undefined;

  private constructor(signer: AnswerSigner) {
    this.signer = signer;
  }

  static async start(signer?: AnswerSigner): Promise<TestConfigService> {
    const service = new TestConfigService(signer ?? (await AnswerSigner.create()));
    await service.start();
    return service;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  enrolment(services: readonly string[] = [this.url], changes: Partial<ConfigEnrolment> = {}): ConfigEnrolment {
    return this.signer.enrolment(services, changes);
  }

  /** Answers so from now on, and pushes it. */
  tell(want: ConfigWant, told: Told | ConfigProblem): void {
    this.#version++;
    this.#told.set(keyOf(want), told);
    for (const watcher of this.#watchers) {
      if (!watcher.wants.some((each) => keyOf(each) === keyOf(want))) continue;
      watcher.due.add(keyOf(want));
      watcher.wake();
    }
  }

  async start(): Promise<void> {
    const principal: Principal = { kind: 'application', name: 'shop', role: 'viewer', teams: [] };
    this.#server = await startServer({
      port: this.#port,
      routes: this.#routes(),
      authentication: { token: async (token) => (token === testToken ? principal : undefined) },
      limits: { closeGraceMs: 200, heartbeatMs: 1_000 },
    });
    this.#port = this.#server.port;
  }

  async stop(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #routes(): Route[] {
    return [
      implement(configWatchContract, ({ query, signal }) => {
        assert.ok(parseWants(query.wants).length <= 200, 'as many as the service takes');
        return this.#watch(query, signal);
      }),
      implement(configKeysContract, () => ({ keys: this.signer.chain.at(-1) as string, chain: this.signer.chain })),
      implement(configReportContract, ({ body }) => {
        this.reports.push(body);
        return { everyMs: 1_000 };
      }),
    ];
  }

  async *#watch({ wants, key }: { wants: string; key?: string }, signal: AbortSignal): AsyncGenerator<Event> {
    this.opened++;
    let awake = Promise.withResolvers<void>();
    const watcher: Watcher = {
      wants: parseWants(wants),
      key,
      due: new Set(parseWants(wants).map(keyOf)),
      wake: () => awake.resolve(),
    };
    this.#watchers.add(watcher);
    signal.addEventListener('abort', () => awake.resolve(), { once: true });
    try {
      yield { event: 'keys', data: { keys: this.signer.chain.at(-1) as string } as never };
      while (!signal.aborted) {
        for (const due of [...watcher.due]) {
          watcher.due.delete(due);
          const event = await this.#event(watcher, due);
          if (event !== undefined) yield event;
        }
        if (watcher.due.size === 0) await awake.promise;
        awake = Promise.withResolvers();
        if (signal.aborted) return;
      }
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  async #event({ key, wants }: Watcher, due: string): Promise<Event | undefined> {
    const want = wants.find((each) => keyOf(each) === due) as ConfigWant;
    const told = this.#told.get(due);
    if (told === undefined) return undefined;
    if ('code' in told) return { event: 'refused', data: { ...want, problem: told } as never };
    const { answer, secret } = told;
    const sealed = secret !== undefined && key !== undefined ? await sealCredential(secret, key) : undefined;
    const credential = answer.credential && { ...answer.credential, ...(sealed === undefined ? {} : { sealed }) };
    const whole = answerOf({
      ...answer,
      ...want,
      version: answer.version ?? this.#version,
      ...(credential === undefined ? {} : { credential }),
    });
    return { event: 'answer', data: { ...want, signed: this.forged ?? (await this.signer.sign(whole)) } as never };
  }
}

function keyOf({ role, topic }: ConfigWant): string {
  return `${role}:${topic}`;
}
