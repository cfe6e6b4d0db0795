/**
 * What is known of topics: asked for when first needed, again after an error, and again when it is old. Requests for
 * topics that come while one is under way are gathered into the next, so there is never more than one Metadata request
 * at a time.
 */
import type { Platform } from '@millrace/base';
import { errorCodes, type KafkaError, type MetadataResponse } from '@millrace/wire';
import { answerError } from '../authorization.ts';
import type { BackoffOptions } from '../backoff.ts';
import { UnknownTopicError } from '../errors.ts';
import { type RetryOptions, retrying } from '../retry.ts';
import { mergeTopic, type TopicMetadata } from './topic-metadata.ts';

export interface MetadataCacheOptions extends BackoffOptions {
  readonly platform: Platform;
  readonly callTimeoutMs: number;
  readonly metadataMaxAgeMs: number;
  readonly unknownTopicTimeoutMs: number;
}

export interface TopicQuery {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Asks any broker about topics; `mayCreate` lets it create those it doesn't know. */
export type AskMetadata = (topics: readonly string[], mayCreate: boolean) => Promise<MetadataResponse>;

interface Round {
  readonly topics: Set<string>;
  mayCreate: boolean;
  readonly done: Promise<void>;
}

export class MetadataCache {
  readonly #options: MetadataCacheOptions;
  readonly #ask: AskMetadata;
  readonly #awaited: RetryOptions['awaited'];
  readonly #topics = new Map<string, TopicMetadata>();
  /** The last error a broker answered with, for topics that are not in `#topics`. */
  readonly #errors = new Map<string, number>();
  readonly #listeners = new Set<(topic: string) => void>();
  #running: Promise<void> | undefined;
  #next: Round | undefined;

  /** `awaited` tells who has not answered, for the error of a look-up that takes too long. */
  constructor(options: MetadataCacheOptions, ask: AskMetadata, awaited?: RetryOptions['awaited']) {
    this.#options = options;
    this.#ask = ask;
    this.#awaited = awaited;
  }

  /** What is known of a topic, however old. */
  peek(topic: string): TopicMetadata | undefined {
    return this.#topics.get(topic);
  }

  /** The name of the topic with this id, as far as known. */
  nameOf(id: string): string | undefined {
    for (const topic of this.#topics.values()) if (topic.id === id) return topic.name;
    return undefined;
  }

  /** The error of a topic that this client may not describe, as far as known. */
  denialOf(topic: string): KafkaError | undefined {
    const { TOPIC_AUTHORIZATION_FAILED: denied } = errorCodes;
    return this.#errors.get(topic) === denied ? lookUpError(denied, topic) : undefined;
  }

  /** Whether what is known is older than `metadataMaxAgeMs`, or nothing. */
  isOld(topic: string): boolean {
    const known = this.#topics.get(topic);
    return (
      known === undefined || this.#options.platform.clock.monotonic() - known.learntAt > this.#options.metadataMaxAgeMs
    );
  }

  /** Calls `listener` with each topic whose metadata was learnt; answers how to stop that. */
  onLearnt(listener: (topic: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * What is known of a topic, asked for if need be. Asks again while the topic is unknown, up to
   * `unknownTopicTimeoutMs`, since it may just have been created. Rejects with `UnknownTopicError`, `KafkaError` (not
   * authorized, invalid name), `NoBrokerError`.
   */
  async topic(name: string, mayCreate = false, query: TopicQuery = {}): Promise<TopicMetadata> {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const { platform, callTimeoutMs, unknownTopicTimeoutMs } = this.#options;
    const timeoutMs = query.timeoutMs ?? callTimeoutMs;
    const startedAt = platform.clock.monotonic();
    const { signal } = query;
    const bounds = { platform, backoff: this.#options, timeoutMs, signal, awaited: this.#awaited };
    return retrying(bounds, async (remainingMs) => {
      await this.refresh([name], mayCreate);
      const topic = this.#topics.get(name);
      if (topic !== undefined) return topic;
      const errorCode = this.#errors.get(name) ?? errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
      const error = lookUpError(errorCode, name);
      const waitedMs = platform.clock.monotonic() - startedAt;
      const enough = waitedMs >= unknownTopicTimeoutMs || remainingMs <= this.#options.retryBackoffMs;
      if (errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION && enough) {
        throw new UnknownTopicError(name, waitedMs, error);
      }
      throw error;
    });
  }

  /**
   * Asks for topics anew. Resolves when an answer that was asked for from now on has come; rejects when none could be
   * had.
   */
  refresh(topics: Iterable<string>, mayCreate = false): Promise<void> {
    let round = this.#next;
    if (round === undefined) {
      const before = this.#running ?? Promise.resolve();
      round = { topics: new Set(), mayCreate: false, done: before.then(() => this.#run()) };
      this.#next = round;
    }
    for (const topic of topics) round.topics.add(topic);
    round.mayCreate ||= mayCreate;
    return round.done;
  }

  /** Takes over what a response that was asked for elsewhere tells of topics. */
  learn(response: MetadataResponse): void {
    const learntAt = this.#options.platform.clock.monotonic();
    for (const answer of response.topics) {
      const name = answer.name;
      if (name === null) continue;
      // There is no topic without partitions: whoever tells of one does not know it yet.
      const isEmpty = answer.errorCode === 0 && answer.partitions.length === 0;
      const errorCode = isEmpty ? errorCodes.LEADER_NOT_AVAILABLE : answer.errorCode;
      if (errorCode !== 0) {
        this.#errors.set(name, errorCode);
        if (errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION) this.#topics.delete(name);
      } else {
        this.#errors.delete(name);
        this.#topics.set(name, mergeTopic(this.#topics.get(name), answer, learntAt));
      }
    }
    for (const { name } of response.topics) {
      if (name !== null) for (const listener of this.#listeners) listener(name);
    }
  }

  /** Forgets a topic, so that the next use asks. */
  forget(topic: string): void {
    this.#topics.delete(topic);
  }

  async #run(): Promise<void> {
    const round = this.#next;
    if (round === undefined) return;
    this.#next = undefined;
    const answer = this.#ask([...round.topics], round.mayCreate).then((response) => this.learn(response));
    this.#running = answer.then(
      () => undefined,
      () => undefined,
    );
    return answer;
  }
}

function lookUpError(errorCode: number, topic: string): KafkaError {
  const needed = { operation: 'describe', resourceType: 'topic', resourceName: topic } as const;
  return answerError(errorCode, `look up topic ${topic}`, null, needed);
}
