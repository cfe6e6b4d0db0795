/**
 * The registry: what can be asked of it and done to it, apart from how it is called. Reads answer from what was read of
 * the topic; writes are decided on the newest state and rest in the topic when they resolve.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@millrace/client';
import { decideRegistration, type RegisterRequest, readForSubject, sameContent } from './registrations.ts';
import { RegistryError } from './registry-error.ts';
import type { RegisteredSchema, RegistryState } from './state/registry-state.ts';
import { type Decision, SchemaTopic } from './state/schema-topic.ts';

/** The topic of a registry that is told of no other. */
export const schemaTopicDefault = 'millrace.schemas';

export interface RegistryOptions {
  /** Of the cluster where schemas are written: the home of the fleet's ids. */
  readonly home: Client;
  /** Of a cluster to which the home's topic is mirrored: read while the home could not be read yet. */
  readonly replica?: Client | undefined;
  /** Default `millrace.schemas`. */
  readonly topic?: string | undefined;
  /** The topic's name on the replica. Default: the same. */
  readonly replicaTopic?: string | undefined;
  /** Bound on a write, in ms; after it the registry answers that it is read-only. Default 10,000. */
  readonly writeTimeoutMs?: number | undefined;
  /** Told of what is handled in the background, as a sentence. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** How long a read waits for the first reading of the topic, in ms. */
const readWaitMs = 5_000;

/** Opens a registry. It reads in the background, and reads and writes wait for the cluster as their bounds say. */
export function openRegistry(options: RegistryOptions): Registry {
  return new Registry(options);
}

export class Registry implements AsyncDisposable {
  readonly #home: SchemaTopic;
  readonly #replica: SchemaTopic | undefined;

  constructor(options: RegistryOptions) {
    const { home, replica, topic = schemaTopicDefault, writeTimeoutMs = 10_000, warn = () => undefined } = options;
    this.#home = new SchemaTopic({ client: home, topic, writeTimeoutMs, warn, creates: true });
    if (replica === undefined) return;
    const replicaTopic = options.replicaTopic ?? topic;
    this.#replica = new SchemaTopic({ client: replica, topic: replicaTopic, writeTimeoutMs, warn, creates: false });
  }

  /** What was read, if anything was yet. */
  get known(): RegistryState | undefined {
    if (this.#home.isComplete) return this.#home.state;
    return this.#replica?.isComplete === true ? this.#replica.state : undefined;
  }

  /** What was read. Rejects with RegistryError `store_failed` when nothing can be read within seconds. */
  async state(): Promise<RegistryState> {
    if (this.known !== undefined) return this.known;
    const sources = this.#replica === undefined ? [this.#home] : [this.#home, this.#replica];
    const late = new AbortController();
    const waited = pause(readWaitMs, undefined, { signal: late.signal }).catch(() => undefined);
    const first = await Promise.race([...sources.map((source) => source.ready.then(() => source)), waited]);
    late.abort();
    if (first !== undefined) return first.state;
    const why = this.#home.failure ?? 'it is being read for the first time';
    throw new RegistryError('store_failed', `Error in the backend datastore: the schemas can't be read yet: ${why}`);
  }

  /** Writes what `decide` wants of the newest state; see SchemaTopic. */
  write<Result>(decide: (state: RegistryState) => Decision<Result>): Promise<Result> {
    return this.#home.write(decide);
  }

  /** Throws what registering the schema would throw now, as far as that is decided here; writes nothing. */
  async check(subject: string, request: RegisterRequest): Promise<void> {
    decideRegistration(await this.state(), subject, request);
  }

  /** Registers a schema and answers where it is; one that the subject has already is answered without a write. */
  async register(subject: string, request: RegisterRequest): Promise<RegisteredSchema> {
    const state = await this.state();
    if (request.id === undefined && state.versions(subject).length > 0) {
      const { text } = readForSubject(state, subject, request);
      const known = sameContent(state.versions(subject), text);
      if (known !== undefined) return known;
    }
    return this.write((newest) => decideRegistration(newest, subject, request));
  }

  async close(): Promise<void> {
    await Promise.all([this.#home.close(), this.#replica?.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
