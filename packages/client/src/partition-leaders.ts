/**
 * One question about many partitions, put to the brokers that lead them: grouped by leader, asked at once, and asked
 * again where the leader has moved or can't answer yet.
 */
import { errorCodes, KafkaError } from '@millrace/wire';
import { answerError } from './authorization.ts';
import type { CallBounds, Cluster } from './cluster.ts';
import type { Connection } from './connection/connection.ts';
import { UnknownTopicError } from './errors.ts';
import type { TopicPartition } from './topic.ts';

/** What a broker said of one partition. */
export interface PartitionAnswer<Value> extends TopicPartition {
  readonly errorCode: number;
  readonly value: Value;
}

export interface Led {
  /** The epoch of the leader that is asked; -1 when unknown. */
  readonly leaderEpoch: number;
}

export type PartitionResult<Value> =
  | { readonly value: Value; readonly error?: undefined }
  | { readonly error: KafkaError };

/** Asks one broker about partitions that it leads, each once, in one request. */
export type AskLeader<Question, Value> = (
  connection: Connection,
  questions: readonly (Question & Led)[],
  timeoutMs: number,
) => Promise<readonly PartitionAnswer<Value>[]>;

/** Questions for one broker: no partition twice, which brokers refuse. */
interface Group<Question> {
  readonly leader: number;
  readonly questions: (Question & Led)[];
  /** Places of the questions in the whole list, by topic and partition. */
  readonly places: Map<string, number>;
}

/**
 * The answers in the order of the questions. Asks again on retriable errors until the bounds are reached; what fails
 * for good, or still fails then, is a result with `error`. Rejects when brokers can't be asked. `action` says what is
 * done, for errors.
 */
export async function askLeaders<Question extends TopicPartition, Value>(
  cluster: Cluster,
  action: string,
  questions: readonly Question[],
  bounds: CallBounds,
  ask: AskLeader<Question, Value>,
): Promise<PartitionResult<Value>[]> {
  const round = new LeaderRound(cluster, action, questions, ask);
  try {
    await cluster.retrying(bounds, (remainingMs) => round.run(remainingMs, bounds.signal));
  } catch (error) {
    if (!(error instanceof KafkaError) || !round.isAnswered) throw error;
  }
  return round.results as PartitionResult<Value>[];
}

class LeaderRound<Question extends TopicPartition, Value> {
  readonly results: (PartitionResult<Value> | undefined)[];
  readonly #cluster: Cluster;
  readonly #action: string;
  readonly #questions: readonly Question[];
  readonly #ask: AskLeader<Question, Value>;
  /** Places of questions that are done with. */
  readonly #done = new Set<number>();
  /** Topics that were asked for anew because they had too few partitions. */
  readonly #grown = new Set<string>();

  constructor(cluster: Cluster, action: string, questions: readonly Question[], ask: AskLeader<Question, Value>) {
    this.results = questions.map(() => undefined);
    this.#cluster = cluster;
    this.#action = action;
    this.#questions = questions;
    this.#ask = ask;
  }

  /** Whether each question has some answer, be it an error. */
  get isAnswered(): boolean {
    return this.results.every((result) => result !== undefined);
  }

  /** Asks what is open; throws a retriable error when something still is. */
  async run(remainingMs: number, signal: AbortSignal | undefined): Promise<void> {
    const timeoutMs = Math.min(remainingMs, this.#cluster.settings.requestTimeoutMs);
    const groups = await this.#group({ timeoutMs: remainingMs, signal });
    const asked = await Promise.allSettled(groups.map((group) => this.#askGroup(group, timeoutMs)));
    const open = this.#questions.filter((_, place) => !this.#done.has(place));
    if (open.length === 0) return;
    // The leaders asked may be the wrong ones.
    await this.#cluster.metadata.refresh(new Set(open.map(({ topic }) => topic)));
    for (const result of asked) if (result.status === 'rejected') throw result.reason;
    for (const [place, result] of this.results.entries()) {
      if (!this.#done.has(place) && result?.error !== undefined) throw result.error;
    }
  }

  async #group(bounds: CallBounds): Promise<Group<Question>[]> {
    const groups = new Map<string, Group<Question>>();
    const seen = new Map<string, number>();
    for (const [place, question] of this.#questions.entries()) {
      if (this.#done.has(place)) continue;
      const led = await this.#leaderOf(question, place, bounds);
      if (led === undefined) continue;
      const name = nameOf(question);
      const repetition = seen.get(name) ?? 0;
      seen.set(name, repetition + 1);
      const key = `${led.leader} ${repetition}`;
      const group: Group<Question> = groups.get(key) ?? { leader: led.leader, questions: [], places: new Map() };
      groups.set(key, group);
      group.questions.push({ ...question, leaderEpoch: led.leaderEpoch });
      group.places.set(name, place);
    }
    return [...groups.values()];
  }

  async #leaderOf(
    { topic, partition }: TopicPartition,
    place: number,
    bounds: CallBounds,
  ): Promise<{ leader: number; leaderEpoch: number } | undefined> {
    try {
      const { metadata } = this.#cluster;
      let known = (await metadata.topic(topic, false, bounds)).partitions[partition];
      // It may have been added since the topic was asked for.
      if (known === undefined && !this.#grown.has(topic)) {
        this.#grown.add(topic);
        await metadata.refresh([topic]);
        known = (await metadata.topic(topic, false, bounds)).partitions[partition];
      }
      if (known === undefined) {
        const detail = `topic ${topic} has ${metadata.peek(topic)?.partitions.length ?? 0} partitions`;
        this.#settle(place, errorCodes.UNKNOWN_TOPIC_OR_PARTITION, undefined, detail, true);
      } else if (known.leader < 0) this.#settle(place, errorCodes.LEADER_NOT_AVAILABLE, undefined);
      else return known;
    } catch (error) {
      if (!(error instanceof UnknownTopicError)) throw error;
      this.#settle(place, errorCodes.UNKNOWN_TOPIC_OR_PARTITION, undefined, error.message, true);
    }
    return undefined;
  }

  async #askGroup(group: Group<Question>, timeoutMs: number): Promise<void> {
    const connection = await this.#cluster.pool.connect(group.leader);
    for (const answer of await this.#ask(connection, group.questions, timeoutMs)) {
      const place = group.places.get(nameOf(answer));
      if (place !== undefined) this.#settle(place, answer.errorCode, answer.value);
    }
    for (const place of group.places.values()) {
      if (this.results[place] === undefined) {
        this.#settle(place, errorCodes.UNKNOWN_SERVER_ERROR, undefined, 'the answer does not name the partition', true);
      }
    }
  }

  #settle(place: number, errorCode: number, value: Value | undefined, detail?: string, isFinal = false): void {
    if (errorCode === errorCodes.NONE) {
      this.results[place] = { value: value as Value };
      this.#done.add(place);
      return;
    }
    const { topic, partition } = this.#questions[place] as Question;
    const error = answerError(errorCode, `${this.#action} of ${topic} [${partition}]`, detail);
    this.results[place] = { error };
    if (isFinal || !error.retriable) this.#done.add(place);
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic} ${partition}`;
}
