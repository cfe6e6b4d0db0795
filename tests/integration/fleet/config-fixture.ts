/**
 * Processes of the config service over one PostgreSQL, each with its own HTTP server and real authentication, and
 * instances of applications that ask them.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { type CallInput, type Contract, callContract, followContract, type ServerSentEvent } from '@millrace/api';
import {
  type ConfigAnswer,
  type ConfigEnrolment,
  type ConfigView,
  type ConfigWant,
  configAnswersContract,
  configWatchContract,
  enrolApplicationContract,
  type InstanceKeyPair,
  newInstanceKey,
  verifyAnswer,
  wantsText,
} from '@millrace/api/config';
import type { KindName, Spec } from '@millrace/api/declared';
import { nodePlatform } from '@millrace/base';
import type { ClientOptions } from '@millrace/client';
import { type ControlPlane, openControlPlane } from '@millrace/fleet/control-plane';
import { type Database, openDatabase } from '@millrace/fleet/database';
import { installedAuthentication, startServer } from '@millrace/server';
import type { Static } from 'typebox';

interface ConfigSettings {
  readonly lifeMs?: number;
  /** Default 0. */
  readonly confirmAfterMs?: number;
}

export const installation = `millrace_${randomUUID()}`;
const reason = { principal: { kind: 'user', name: 'root' }, why: 'as the test has it' } as const;

export interface ConfigProcess extends AsyncDisposable {
  readonly plane: ControlPlane;
  readonly database: Database;
  readonly url: string;
  /** What was told of failures. */
  readonly reports: readonly string[];
  /** As the installation, unless another token is given. */
  call<C extends Contract>(contract: C, input: CallInput<C>, token?: string): Promise<Static<C['response']>>;
  declare<K extends KindName>(kind: K, id: string, spec: Spec<K> | null): Promise<void>;
  enrol(application: string): Promise<ConfigEnrolment>;
}

/** Keys of the control plane, which all processes of a database share. */
export async function keyDirectory(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'millrace-config-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

export async function startConfigProcess(
  databaseUrl: string,
  keys: { readonly path: string },
  ownClusters: ReadonlyMap<string, ClientOptions> = new Map(),
  { environment, ...settings }: ConfigSettings & { readonly environment?: Record<string, string> } = {},
): Promise<ConfigProcess> {
  const reports: string[] = [];
  const report = (message: string): void => void reports.push(message);
  const database = await openDatabase({ url: databaseUrl, report });
  const limits = { backoffMs: 50 };
  const config = { confirmAfterMs: 0, ...settings };
  const common = { database, platform: nodePlatform, report, ownClusters, limits, config, environment };
  const plane = await openControlPlane({ ...common, keyDirectory: join(keys.path, 'keys') });
  const authentication = installedAuthentication(installation, plane.access, false);
  const onFailure = ({ error }: { readonly error: unknown }): void => report(inspect(error));
  const server = await startServer({ port: 0, authentication, routes: plane.routes, onFailure });
  const call: ConfigProcess['call'] = (contract, input, token = installation) =>
    callContract(server.url, contract, input, { token });
  return {
    ...{ plane, database, url: server.url, reports, call },
    async declare(kind, id, spec) {
      await plane.record.change([{ kind, id, spec } as never], reason);
    },
    enrol: async (name) => (await call(enrolApplicationContract, { params: { name }, body: {} })).enrolment,
    async [Symbol.asyncDispose]() {
      await server.close();
      await plane.close();
      await database.close();
    },
  };
}

/** A running copy of an application. */
export class Instance {
  readonly id = randomUUID();
  readonly enrolment: ConfigEnrolment;
  readonly pair: InstanceKeyPair;
  readonly site: string | undefined;

  private constructor(enrolment: ConfigEnrolment, pair: InstanceKeyPair, site: string | undefined) {
    this.enrolment = enrolment;
    this.pair = pair;
    this.site = site;
  }

  static async of(enrolment: ConfigEnrolment, site?: string): Promise<Instance> {
    return new Instance(enrolment, await newInstanceKey(), site);
  }

  /** The checked answer, and what the service says of its view. */
  async ask(url: string, want: ConfigWant, seenVersion = 0): Promise<{ answer: ConfigAnswer; view: ConfigView }> {
    const { site } = this;
    const instance = { id: this.id, key: this.pair.publicKey, ...(site !== undefined && { site }) };
    const { token } = this.enrolment;
    const body = { instance, wants: [want] };
    const { answers, view } = await callContract(url, configAnswersContract, { body }, { token });
    const [given] = answers;
    if (given === undefined || 'problem' in given) throw new Error(given?.problem.code);
    return { answer: await this.verified(given.signed, want, seenVersion), view };
  }

  verified(signed: string, want: ConfigWant, seenVersion = 0): Promise<ConfigAnswer> {
    const { application, keys } = this.enrolment;
    return verifyAnswer(signed, keys, { application, ...want, seenVersion, now: Date.now() });
  }

  watch(url: string, wants: readonly ConfigWant[]): Watch {
    const query = { wants: wantsText(wants), instance: this.id, key: this.pair.publicKey, site: this.site };
    return new Watch(url, query, this.enrolment.token);
  }
}

/** Everything that a watch has brought so far. */
export class Watch implements AsyncDisposable {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of every shape.
  readonly events: (ServerSentEvent<any> & { readonly at: number })[] = [];
  /** Resolves when the stream is over. */
  readonly ended: Promise<void>;
  readonly #leave = new AbortController();

  constructor(url: string, query: CallInput<typeof configWatchContract>['query'], token: string) {
    this.ended = this.#follow(url, query, token);
  }

  of(event: string): typeof this.events {
    return this.events.filter((each) => each.event === event);
  }

  async #follow(url: string, query: CallInput<typeof configWatchContract>['query'], token: string): Promise<void> {
    const { signal } = this.#leave;
    try {
      for await (const event of followContract(url, configWatchContract, { query }, { token, signal })) {
        this.events.push({ ...event, at: Date.now() });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave.abort();
    await this.ended;
  }
}

/** The way to a database, which can be cut. */
export class DatabaseLine implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async to(databaseUrl: string): Promise<DatabaseLine> {
    const { hostname, port } = new URL(databaseUrl);
    const server = createServer({ pauseOnConnect: false });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const own = new URL(databaseUrl);
    own.host = `127.0.0.1:${(server.address() as { port: number }).port}`;
    const line = new DatabaseLine(server, own.href);
    server.on('connection', (socket) => line.#join(socket, hostname, Number(port)));
    return line;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(socket: Socket, host: string, port: number): void {
    if (this.#isCut) return void socket.destroy();
    const other = connect(port, host);
    for (const [one, two] of [
      [socket, other],
      [other, socket],
    ] as const) {
      this.#sockets.add(one);
      // Whoever uses the line is told by its end.
      one.on('error', () => two.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        two.destroy();
      });
      one.pipe(two);
    }
  }
}

/** A team, two clusters at two sites, and an application that writes and reads topic `orders` on both. */
export async function declareShop(service: ConfigProcess): Promise<void> {
  await service.declare('team', 'shop', { name: 'shop' });
  for (const site of ['north', 'south']) await service.declare('site', site, { name: site });
  await service.declare('cluster', 'east', { name: 'east', site: 'north', bootstrap: '127.0.0.1:1' });
  await service.declare('cluster', 'west', { name: 'west', site: 'south', bootstrap: '127.0.0.1:2' });
  const uses = (['producer', 'consumer'] as const).flatMap((role) =>
    ['east', 'west'].map((cluster) => ({ cluster, topic: 'orders', role })),
  );
  await service.declare('application', 'shop', { name: 'shop', team: 'shop', uses });
  await service.declare('application', 'spy', { name: 'spy', team: 'shop', uses: [] });
}
