/**
 * Incremental fetch sessions (KIP-227): the broker remembers which partitions a consumer reads and what it last told
 * about each, so that requests and answers need to name only what changed.
 */
import type { Clock, Randomness } from '@millrace/base';
import { errorCodes } from '@millrace/wire';

/** What a consumer wants of one partition. */
export interface FetchTarget {
  /** Empty where the request names the topic by id. */
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly fetchOffset: number;
  readonly bytesMax: number;
  /** -1 when the consumer does not say. */
  readonly leaderEpoch: number;
  /** The epoch of the last record that the consumer has; -1 when it does not say. */
  readonly lastFetchedEpoch: number;
}

/** What the session remembers of a partition: the target, and what the last answer said. */
export interface SessionPartition {
  /** The partition's key in its session. */
  readonly key: string;
  target: FetchTarget;
  highWatermark: number;
  startOffset: number;
  lastStableOffset: number;
  errorCode: number;
}

export interface FetchSession {
  /** 0 when nothing is remembered. */
  readonly id: number;
  /** The epoch that the next request must carry. */
  nextEpoch: number;
  /** In the order in which they are served: what was served last is at the end. */
  readonly partitions: Map<string, SessionPartition>;
  /** Whether an answer leaves out partitions about which nothing is new. */
  incremental: boolean;
  lastUsedMs: number;
}

/** What a request says about its session. */
export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly targets: readonly FetchTarget[];
  readonly forgotten: readonly Pick<FetchTarget, 'topic' | 'topicId' | 'partition'>[];
}

const initialEpoch = 0;
const finalEpoch = -1;
/** A session that was used more recently is not evicted for a new one. */
const evictionAgeMs = 120_000;

export class FetchSessions {
  readonly #clock: Clock;
  readonly #randomness: Randomness;
  readonly #slots: number;
  /** In order of last use, oldest first. */
  readonly #sessions = new Map<number, FetchSession>();

  constructor(clock: Clock, randomness: Randomness, slots: number) {
    this.#clock = clock;
    this.#randomness = randomness;
    this.#slots = slots;
  }

  /** The session a request belongs to, updated by it; or the error code that refuses it. */
  resolve(request: SessionRequest): FetchSession | number {
    const { sessionId, sessionEpoch } = request;
    if (sessionEpoch === initialEpoch || sessionEpoch === finalEpoch) {
      if (sessionId !== 0) this.#sessions.delete(sessionId);
      return this.#begin(request, sessionEpoch === initialEpoch);
    }
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return errorCodes.FETCH_SESSION_ID_NOT_FOUND;
    if (session.nextEpoch !== sessionEpoch) return errorCodes.INVALID_FETCH_SESSION_EPOCH;
    for (const forgotten of request.forgotten) session.partitions.delete(keyOf(forgotten));
    for (const target of request.targets) {
      const known = session.partitions.get(keyOf(target));
      if (known === undefined) session.partitions.set(keyOf(target), newPartition(target));
      else known.target = target;
    }
    session.nextEpoch = sessionEpoch === 2 ** 31 - 1 ? 1 : sessionEpoch + 1;
    session.incremental = true;
    this.#touch(session);
    return session;
  }

  forget(id: number): void {
    this.#sessions.delete(id);
  }

  #begin(request: SessionRequest, wanted: boolean): FetchSession {
    const partitions = new Map(request.targets.map((target) => [keyOf(target), newPartition(target)]));
    const id = wanted && request.targets.length > 0 ? this.#freeId() : 0;
    const session = { id, nextEpoch: 1, partitions, incremental: false, lastUsedMs: 0 };
    if (id !== 0) this.#touch(session);
    return session;
  }

  #touch(session: FetchSession): void {
    session.lastUsedMs = this.#clock.monotonic();
    this.#sessions.delete(session.id);
    this.#sessions.set(session.id, session);
  }

  /** An id for a new session, or 0 when all slots are taken by active ones. */
  #freeId(): number {
    if (this.#sessions.size >= this.#slots) {
      const oldest = this.#sessions.values().next().value;
      if (oldest === undefined || this.#clock.monotonic() - oldest.lastUsedMs < evictionAgeMs) return 0;
      this.#sessions.delete(oldest.id);
    }
    let id = 0;
    while (id === 0 || this.#sessions.has(id)) id = this.#randomness.integer(2 ** 31);
    return id;
  }
}

function keyOf(target: Pick<FetchTarget, 'topic' | 'topicId' | 'partition'>): string {
  return `${target.topic || target.topicId}/${target.partition}`;
}

function newPartition(target: FetchTarget): SessionPartition {
  return { key: keyOf(target), target, highWatermark: -1, startOffset: -1, lastStableOffset: -1, errorCode: 0 };
}
