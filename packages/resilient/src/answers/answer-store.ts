/**
 * What an instance keeps on disk, so that it can start while no service answers:
 *
 *     instance.json            its id and key pair
 *     keys.json                the signed sets of keys that came after the enrolment's, ascending
 *     answers/ROLE-TOPIC.jws   the newest answer, as the service signed it
 *     seen.json                the greatest version of each that was ever accepted
 *     homes.json               where its groups read (`group-homes.ts`)
 *     clusters.json            which Kafka clusters are meant (`cluster-ids.ts`)
 *
 * Nothing of this is believed because it lies there. The chain of keys is followed anew from the enrolment, which is
 * kept elsewhere; an answer has to be signed by a key that is trusted by then, for this application, topic and role,
 * not expired, and no older than one that was seen. Whatever is not so is refused, and the reason told.
 *
 * An answer is written before its version: a crash in between leaves an answer that is newer than what was seen, which
 * is fine; the other way round it would leave one that is older, and nothing to start from. Where `seen.json` can't be
 * read, no copy is used, since nobody knows what was seen: the service is asked.
 *
 * One process at a time uses a directory.
 */
import { randomUUID } from 'node:crypto';
import { compileChecker } from '@millrace/api';
import {
  type ConfigAnswer,
  type ConfigEnrolment,
  type ConfigKeySet,
  type ConfigWant,
  followKeySets,
  InstanceKeyPair,
  newInstanceKey,
  UntrustedConfigError,
  verifyAnswer,
} from '@millrace/api/config';
import { messageOf } from '@millrace/base';
import { type Static, type TSchema, Type } from 'typebox';
import { ClusterIds } from '../clients/cluster-ids.ts';
import type { Report } from '../report.ts';
import { GroupHomes } from './group-homes.ts';
import { PrivateFiles } from './private-files.ts';

const Instance = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }), key: InstanceKeyPair });
const Keys = Type.Object({ chain: Type.Array(Type.String()) });
const Seen = Type.Object({
  application: Type.String(),
  versions: Type.Record(Type.String(), Type.Integer({ minimum: 1 })),
});

type Instance = Static<typeof Instance>;

export interface AnswerStoreOptions {
  readonly enrolment: ConfigEnrolment;
  readonly directory: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly report: Report;
}

interface Kept {
  readonly homes: GroupHomes;
  readonly clusterIds: ClusterIds;
}

/** `producer of topic orders`. */
export function wantText({ role, topic }: ConfigWant): string {
  return `${role} of topic ${topic}`;
}

/** Equal for equal wants. */
export function wantKey({ role, topic }: ConfigWant): string {
  return `${role}:${topic}`;
}

export class AnswerStore {
  readonly instance: Instance;
  readonly homes: GroupHomes;
  readonly clusterIds: ClusterIds;
  readonly #options: AnswerStoreOptions;
  readonly #files: PrivateFiles;
  #trusted: ConfigKeySet;
  /** Signed sets between the enrolment's and the one that is trusted now. */
  readonly #chain: string[] = [];
  /** Undefined when what was seen is not known. */
  #seen: Map<string, number> | undefined;

  private constructor(options: AnswerStoreOptions, files: PrivateFiles, instance: Instance, kept: Kept) {
    this.homes = kept.homes;
    this.clusterIds = kept.clusterIds;
    this.#options = options;
    this.#files = files;
    this.instance = instance;
    this.#trusted = options.enrolment.keys;
  }

  /** @throws DiskError */
  static async open(options: AnswerStoreOptions): Promise<AnswerStore> {
    const files = await PrivateFiles.open(options.directory);
    let instance = await readJson(files, 'instance.json', Instance);
    if (instance === undefined || instance === 'unreadable') {
      instance = { id: randomUUID(), key: await newInstanceKey() };
      await files.write('instance.json', `${JSON.stringify(instance)}\n`);
    }
    const clusterIds = await ClusterIds.open(files, options.report);
    const homes = await GroupHomes.open(files, clusterIds, options.report);
    const store = new AnswerStore(options, files, instance, { homes, clusterIds });
    await store.#loadKeys();
    await store.#loadSeen();
    return store;
  }

  /** Whose signatures count. */
  get trusted(): ConfigKeySet {
    return this.#trusted;
  }

  /** The copy of an answer; undefined when there is none. @throws UntrustedConfigError, DiskError */
  async load(want: ConfigWant): Promise<ConfigAnswer | undefined> {
    const signed = await this.#files.read(fileOf(want));
    if (signed === undefined) return undefined;
    if (this.#seen === undefined) {
      const message = `what was seen of ${wantText(want)} can't be read, so nobody knows whether the copy is too old`;
      throw new UntrustedConfigError('older', message);
    }
    const answer = await this.#verified(want, signed.trim());
    this.#see(want, answer.version);
    return answer;
  }

  /**
   * Takes an answer of the service, and keeps it if it can be trusted. It is good also where it could not be written;
   * that is reported.
   *
   * @throws UntrustedConfigError
   */
  async accept(want: ConfigWant, signed: string): Promise<ConfigAnswer> {
    const answer = await this.#verified(want, signed);
    const { report, enrolment } = this.#options;
    const versions = Object.fromEntries(this.#see(want, answer.version));
    const seen = { application: enrolment.application, versions };
    try {
      await this.#files.write(fileOf(want), `${signed}\n`);
      await this.#files.write('seen.json', `${JSON.stringify(seen)}\n`);
    } catch (error) {
      const message = `the answer for ${wantText(want)} holds, but is not kept for the next start: ${messageOf(error)}`;
      report({ level: 'warn', event: 'copy_failed', message, error: error as Error });
    }
    return answer;
  }

  /** Goes on to newer sets of keys, each signed by a key of the one before. @throws UntrustedConfigError, DiskError */
  async follow(chain: readonly string[]): Promise<void> {
    if (!(await this.#follow(chain))) return;
    await this.#files.write('keys.json', `${JSON.stringify({ chain: this.#chain })}\n`);
  }

  async #follow(chain: readonly string[]): Promise<boolean> {
    const before = this.#chain.length;
    for (const signed of chain) {
      const newest = await followKeySets([signed], this.#trusted);
      if (newest === this.#trusted) continue;
      this.#trusted = newest;
      this.#chain.push(signed);
    }
    return this.#chain.length > before;
  }

  /** A version is never unseen. Answers all that were seen. */
  #see(want: ConfigWant, version: number): ReadonlyMap<string, number> {
    this.#seen ??= new Map();
    this.#seen.set(wantKey(want), Math.max(version, this.#seen.get(wantKey(want)) ?? 0));
    return this.#seen;
  }

  #verified(want: ConfigWant, signed: string): Promise<ConfigAnswer> {
    const { application } = this.#options.enrolment;
    const seenVersion = this.#seen?.get(wantKey(want)) ?? 0;
    return verifyAnswer(signed, this.#trusted, { ...want, application, seenVersion, now: this.#options.now() });
  }

  async #loadKeys(): Promise<void> {
    const keys = await readJson(this.#files, 'keys.json', Keys);
    if (keys === undefined) return;
    try {
      if (keys === 'unreadable') throw new UntrustedConfigError('malformed', 'it is not as it was written');
      await this.#follow(keys.chain);
    } catch (error) {
      if (!(error instanceof UntrustedConfigError)) throw error;
      // What of the chain could be followed holds; the service tells the rest.
      const message = `keys.json in ${this.#files.directory} is refused: ${error.message}`;
      this.#options.report({ level: 'error', event: 'config_untrusted', message, error });
    }
  }

  async #loadSeen(): Promise<void> {
    const seen = await readJson(this.#files, 'seen.json', Seen);
    if (seen === 'unreadable') return;
    // Of another application: its answers are refused as such.
    const isOurs = seen !== undefined && seen.application === this.#options.enrolment.application;
    this.#seen = new Map(isOurs ? Object.entries(seen.versions) : []);
  }
}

function fileOf({ role, topic }: ConfigWant): string {
  return `answers/${role}-${topic}.jws`;
}

/** `unreadable` for what is there and is not of that form. @throws DiskError */
async function readJson<S extends TSchema>(
  files: PrivateFiles,
  name: string,
  schema: S,
): Promise<Static<S> | undefined | 'unreadable'> {
  const text = await files.read(name);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return 'unreadable';
  }
  return compileChecker(schema).check(value) ? value : 'unreadable';
}
