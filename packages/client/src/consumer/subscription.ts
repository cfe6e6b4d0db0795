/** Which topics a group member wants: named ones, or those whose names match a pattern, looked for every so often. */
import { isMillraceError, messageOf } from '@millrace/base';
import type { Cluster } from '../cluster.ts';
import { InvalidOptionError } from '../errors.ts';

export interface Subscription {
  /** Names, ascending. Rejects with `AuthorizationError`, or as asking for metadata does. */
  topics(): Promise<readonly string[]>;
  /** Whether the topics are others than `topics` last told. */
  hasChanged(): boolean;
}

export class NamedTopics implements Subscription {
  readonly #cluster: Cluster;
  readonly #names: readonly string[];

  constructor(cluster: Cluster, names: Iterable<string>) {
    this.#cluster = cluster;
    this.#names = [...names].sort();
  }

  /** A topic that does not exist may be created later; one that is denied is an error, and not waited for. */
  async topics(): Promise<readonly string[]> {
    const { metadata } = this.#cluster;
    const unknown = this.#names.filter((name) => metadata.peek(name) === undefined);
    if (unknown.length > 0) await metadata.refresh(unknown);
    for (const name of unknown) {
      const denial = metadata.denialOf(name);
      if (denial !== undefined) throw denial;
    }
    return this.#names;
  }

  hasChanged(): boolean {
    return false;
  }
}

/** Topics that match, but for internal ones. Asks the cluster for all of its topics every `metadataMaxAgeMs`. */
export class MatchingTopics implements Subscription {
  readonly #cluster: Cluster;
  readonly #pattern: RegExp;
  #told: readonly string[] = [];
  #found: readonly string[] = [];
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(cluster: Cluster, pattern: TopicPattern) {
    this.#cluster = cluster;
    this.#pattern = new RegExp(`^(?:${pattern.source})$`, pattern.ignoresCase ? 'i' : '');
  }

  async topics(): Promise<readonly string[]> {
    await this.#look();
    this.#told = this.#found;
    return this.#told;
  }

  hasChanged(): boolean {
    const { platform, metadataMaxAgeMs, report } = this.#cluster.settings;
    if (platform.clock.monotonic() - this.#askedAt >= metadataMaxAgeMs) {
      this.#look().catch((error: unknown) => {
        if (!isMillraceError(error)) throw error;
        report({ level: 'warn', event: 'metadata_failed', message: messageOf(error), error });
      });
    }
    return this.#found.join() !== this.#told.join();
  }

  async #look(): Promise<void> {
    this.#askedAt = this.#cluster.settings.platform.clock.monotonic();
    const { topics } = await this.#cluster.askMetadata(null, false);
    this.#found = topics
      .filter(({ errorCode, isInternal }) => errorCode === 0 && !isInternal)
      .flatMap(({ name }) => (name !== null && this.#pattern.test(name) ? [name] : []))
      .sort();
  }
}

/** A pattern that is to match whole names. */
export interface TopicPattern {
  readonly source: string;
  readonly ignoresCase: boolean;
}

/** Throws `InvalidOptionError`. */
export function topicPattern(pattern: RegExp | string): TopicPattern {
  if (pattern === '') throw new InvalidOptionError('topicPattern', 'is empty');
  if (typeof pattern !== 'string') {
    const flags = pattern.flags.replace(/[iugy]/g, '');
    if (flags === '') return { source: pattern.source, ignoresCase: pattern.ignoreCase };
    throw new InvalidOptionError('topicPattern', `has the flags "${flags}"; names of topics know no more than "i"`);
  }
  try {
    void new RegExp(pattern);
  } catch (error) {
    throw new InvalidOptionError('topicPattern', `is no regular expression: ${messageOf(error)}`);
  }
  return { source: pattern, ignoresCase: false };
}

/** The pattern as brokers take it (RE2, KIP-848). */
export function brokerPattern({ source, ignoresCase }: TopicPattern): string {
  return ignoresCase ? `(?i)${source}` : source;
}
