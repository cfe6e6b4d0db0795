/** What one try of a behaviour uses: names of its own, clients and whatever else must end with it. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Admin, type Client, type ClientOptions, createClient, type NewTopic, unwrap } from '@millrace/client';
import type { Access, Place } from './place.ts';
import { untilTopicIsKnown } from './topic-knowledge.ts';

/** Pauses short enough for tests. */
const quick = { retryBackoffMs: 10, retryBackoffMaxMs: 100 };

export class Scope implements AsyncDisposable {
  readonly #place: Place;
  readonly #prefix: string;
  readonly #ends: (() => unknown)[] = [];
  #client: Client | undefined;

  /** `what` is the cell's name; two runs on one cluster get different names for everything. */
  constructor(place: Place, what: string) {
    this.#place = place;
    this.#prefix = createHash('sha256').update(`${what}-${process.pid}-${Date.now()}`).digest('hex').slice(0, 12);
  }

  /** A name for a topic, a group, a transactional id or a user that no other try uses. */
  name(kind = 'topic'): string {
    return `${kind}-${this.#prefix}`;
  }

  /** Has `end` run when the try is over; the last one comes first. */
  defer(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** Our own client, with access as given or to PLAINTEXT; closed with the scope. */
  connect(access?: Access, options: Partial<ClientOptions> = {}): Client {
    const { listener = 'PLAINTEXT', sasl, tls } = access ?? {};
    const security = sasl === undefined && tls === undefined ? undefined : { sasl, tls };
    const client = createClient({ bootstrap: this.#place.bootstrap(listener), ...quick, security, ...options });
    this.defer(() => client.close());
    return client;
  }

  /** The client that prepares and looks, over PLAINTEXT. */
  get client(): Client {
    this.#client ??= this.connect();
    return this.#client;
  }

  get admin(): Admin {
    return this.client.admin();
  }

  /** Creates a topic (`name()`, unless given) and waits until its partitions have leaders that all brokers know. */
  async createTopic(options: Partial<NewTopic> = {}): Promise<string> {
    const topic = options.topic ?? this.name();
    unwrap(await this.admin.createTopics([{ partitions: 1, ...options, topic }]));
    await this.untilKnown(topic);
    return topic;
  }

  /** Waits until all brokers know a topic and the leaders of its partitions. */
  async untilKnown(topic: string): Promise<void> {
    const addresses = this.#place.bootstrap('PLAINTEXT').split(',');
    await Promise.all(addresses.map((address) => untilTopicIsKnown(address, topic)));
  }

  /** A folder that ends with the scope. */
  async directory(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'millrace-conformance-'));
    this.defer(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    // An end may defer another, as when it is the first to use `client`.
    for (let end = this.#ends.pop(); end !== undefined; end = this.#ends.pop()) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
