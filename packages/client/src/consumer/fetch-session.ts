/**
 * The client's side of a fetch session with one broker (KIP-227): after a full request, only partitions that changed
 * are named. The session is per broker; after any doubt it begins anew.
 */
import { errorCodes, type FetchResponse, type fetch, type RequestDraft } from '@millrace/wire';
import type { PartitionState } from './partition-state.ts';

type TopicDraft = RequestDraft<typeof fetch>['topics'][number];
type PartitionDraft = TopicDraft['partitions'][number];

/** A partition as it stands in the session. */
interface Entry {
  readonly state: PartitionState;
  readonly topicId: string | null;
  fetchOffset: number;
  leaderEpoch: number;
}

/** What was asked of a partition, to judge the answer by. */
export interface Asked {
  readonly state: PartitionState;
  readonly seekCount: number;
  readonly fetchOffset: number;
}

export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly topics: readonly TopicDraft[];
  readonly forgottenTopicsData: NonNullable<RequestDraft<typeof fetch>['forgottenTopicsData']>;
}

const epochMax = 0x7fff_ffff;

export class FetchSession {
  #sessionId = 0;
  /** 0 asks for a new session. */
  #epoch = 0;
  #usesIds = false;
  /** By topic id or name, then partition. */
  #entries = new Map<string, Map<number, Entry>>();
  #asked = new Map<PartitionState, Asked>();

  /**
   * The next request, which names `states` and no others. With `topicIds` topics are named by id, which all must have.
   */
  request(
    states: readonly PartitionState[],
    topicIds: ReadonlyMap<string, string> | undefined,
    partitionMaxBytes: number,
  ): SessionRequest {
    if (this.#usesIds !== (topicIds !== undefined)) this.#restart();
    this.#usesIds = topicIds !== undefined;
    const isFull = this.#epoch === 0;
    const before = isFull ? new Map<string, Map<number, Entry>>() : this.#entries;
    const entries = new Map<string, Map<number, Entry>>();
    const topics = new Map<string, { topic?: string; topicId?: string; partitions: PartitionDraft[] }>();
    this.#asked = new Map();
    for (const state of states) {
      const topicId = topicIds?.get(state.topic) ?? null;
      const key = topicId ?? state.topic;
      const known = before.get(key)?.get(state.partition);
      const { fetchPosition: fetchOffset, leaderEpoch, partition } = state;
      this.#asked.set(state, { state, seekCount: state.seekCount, fetchOffset });
      put(entries, key, partition, { state, topicId, fetchOffset, leaderEpoch });
      if (known?.state === state && known.fetchOffset === fetchOffset && known.leaderEpoch === leaderEpoch) continue;
      const draft: PartitionDraft = {
        partition,
        currentLeaderEpoch: leaderEpoch,
        fetchOffset,
        partitionMaxBytes,
      };
      const topic = topics.get(key);
      if (topic !== undefined) topic.partitions.push(draft);
      else topics.set(key, { ...(topicId === null ? { topic: state.topic } : { topicId }), partitions: [draft] });
    }
    const forgotten = isFull ? [] : this.#forgotten(before, entries);
    this.#entries = entries;
    return {
      sessionId: this.#sessionId,
      sessionEpoch: this.#epoch,
      topics: [...topics.values()],
      forgottenTopicsData: forgotten,
    };
  }

  /** What was asked of the partition that an answer names; undefined when it was not asked for. */
  askedOf(topicKey: string, partition: number): Asked | undefined {
    const entry = this.#entries.get(topicKey)?.get(partition);
    return entry === undefined ? undefined : this.#asked.get(entry.state);
  }

  /** Whether the last request names the partition as it is now. */
  isAsked(state: PartitionState): boolean {
    return this.#asked.get(state)?.seekCount === state.seekCount;
  }

  /** Takes note of an answer; false when the session is over and all of the answer is void. */
  answered(response: Pick<FetchResponse, 'errorCode' | 'sessionId'>): boolean {
    const { errorCode, sessionId } = response;
    if (errorCode !== 0) {
      this.#restart();
      if (errorCode === errorCodes.FETCH_SESSION_ID_NOT_FOUND) this.#sessionId = 0;
      return false;
    }
    if (sessionId === 0) {
      // The broker keeps no session for us.
      this.#sessionId = 0;
      this.#epoch = 0;
    } else {
      this.#sessionId = sessionId;
      this.#epoch = this.#epoch === epochMax ? 1 : this.#epoch + 1;
    }
    return true;
  }

  /** Whether the request or its answer was lost: what the broker thinks is unknown. */
  broken(): void {
    this.#restart();
  }

  /** Epoch 0 with the old id closes the old session and opens a new one. */
  #restart(): void {
    this.#epoch = 0;
  }

  #forgotten(
    before: ReadonlyMap<string, ReadonlyMap<number, Entry>>,
    now: ReadonlyMap<string, ReadonlyMap<number, Entry>>,
  ): { topic?: string; topicId?: string; partitions: number[] }[] {
    const forgotten: { topic?: string; topicId?: string; partitions: number[] }[] = [];
    for (const [key, entries] of before) {
      const partitions: number[] = [];
      for (const partition of entries.keys()) if (!now.get(key)?.has(partition)) partitions.push(partition);
      if (partitions.length > 0) forgotten.push({ ...(this.#usesIds ? { topicId: key } : { topic: key }), partitions });
    }
    return forgotten;
  }
}

function put(entries: Map<string, Map<number, Entry>>, key: string, partition: number, entry: Entry): void {
  const partitions = entries.get(key);
  if (partitions === undefined) entries.set(key, new Map([[partition, entry]]));
  else partitions.set(partition, entry);
}
