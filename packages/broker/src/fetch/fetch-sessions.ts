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
/** Partitions that all sessions remember together. A request may name some millions, whether they exist or not. */
const partitionsMax = 500_000;
/** A session that was used more recently is not evicted for a new one. */
const evictionAgeMs = 120_000;

export class FetchSessions {
  readonly #clock: Clock;
  readonly #randomness: Randomness;
  readonly #slots: number;
  /** In order of last use, oldest first. */
  readonly #sessions = new Map<number, FetchSession>();
  /** Of all sessions. */
  #partitionCount = 0;

  constructor(clock: Clock, randomness: Randomness, slots: number) {
    this.#clock = clock;
    this.#randomness = randomness;
    this.#slots = slots;
  }

  /** The session a request belongs to, updated by it; or the error code that refuses it. */
  resolve(request: SessionRequest): FetchSession | number {
    const { sessionId, sessionEpoch } = request;
    if (sessionEpoch === initialEpoch || sessionEpoch === finalEpoch) {
      if (sessionId !== 0) this.forget(sessionId);
      return this.#begin(request, sessionEpoch === initialEpoch);
    }
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return errorCodes.FETCH_SESSION_ID_NOT_FOUND;
    if (session.nextEpoch !== sessionEpoch) return errorCodes.INVALID_FETCH_SESSION_EPOCH;
    this.#update(session, request);
    if (this.#partitionCount > partitionsMax) {
      // Its client begins anew, and is served without a session while there is no room.
      this.forget(sessionId);
      return errorCodes.FETCH_SESSION_ID_NOT_FOUND;
    }
    session.nextEpoch = sessionEpoch === 2 ** 31 - 1 ? 1 : sessionEpoch + 1;
    session.incremental = true;
    this.#touch(session);
    return session;
  }

  forget(id: number): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#sessions.delete(id);
    this.#partitionCount -= session.partitions.size;
  }

  #update(session: FetchSession, { targets, forgotten }: SessionRequest): void {
    const { partitions } = session;
    this.#partitionCount -= partitions.size;
    for (const each of forgotten) partitions.delete(keyOf(each));
    for (const target of targets) {
      const known = partitions.get(keyOf(target));
      if (known === undefined) partitions.set(keyOf(target), newPartition(target));
      else known.target = target;
    }
    this.#partitionCount += partitions.size;
  }

  #begin(request: SessionRequest, wanted: boolean): FetchSession {
    const partitions = new Map(request.targets.map((target) => [keyOf(target), newPartition(target)]));
    const id = wanted ? this.#freeId(partitions.size) : 0;
    const session = { id, nextEpoch: 1, partitions, incremental: false, lastUsedMs: 0 };
    if (id === 0) return session;
    this.#partitionCount += partitions.size;
    this.#touch(session);
    return session;
  }

  #touch(session: FetchSession): void {
    session.lastUsedMs = this.#clock.monotonic();
    this.#sessions.delete(session.id);
    this.#sessions.set(session.id, session);
  }

  /** An id for a new session with so many partitions, or 0 when active ones leave no room for it. */
  #freeId(partitionCount: number): number {
    while (this.#sessions.size >= this.#slots || this.#partitionCount + partitionCount > partitionsMax) {
      const oldest = this.#sessions.values().next().value;
      if (oldest === undefined || this.#clock.monotonic() - oldest.lastUsedMs < evictionAgeMs) return 0;
      this.forget(oldest.id);
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
