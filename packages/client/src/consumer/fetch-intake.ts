/** Takes in what fetches bring: chunks for partitions that still want them, and errors with what each asks for. */
import { isMillraceError, messageOf } from '@millrace/base';
import type { FetchResponse } from '@millrace/wire';
import { answerError } from '../authorization.ts';
import { backoffMs } from '../backoff.ts';
import type { Cluster } from '../cluster.ts';
import type { FetchBudget } from './fetch-budget.ts';
import { remedyOf } from './fetch-errors.ts';
import type { FetchExchange } from './fetch-requests.ts';
import type { FetchSession } from './fetch-session.ts';
import { FetchedChunk, type FetchedMemory, neverWhole } from './fetched-chunk.ts';
import type { PartitionState } from './partition-state.ts';

/** So many times in a row a batch may come in part, before it is thought to be damaged. */
const cutShortMax = 3;

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number];

export interface FetchIntakeHost {
  /** Told of chunks that were added to their partitions' states. */
  readonly arrived: (chunks: readonly FetchedChunk[]) => void;
  /** The fetch offset is not in the log. */
  readonly outOfRange: (state: PartitionState) => void;
  /** Fetching can't go on: of the partition, where it is named. */
  readonly failed: (error: Error, state?: PartitionState) => void;
}

export class FetchIntake {
  readonly #cluster: Cluster;
  readonly #budget: FetchBudget;
  readonly #isCommittedOnly: boolean;
  readonly #host: FetchIntakeHost;

  /** With `isCommittedOnly` what belongs to aborted transactions is passed over. */
  constructor(cluster: Cluster, budget: FetchBudget, isCommittedOnly: boolean, host: FetchIntakeHost) {
    this.#cluster = cluster;
    this.#isCommittedOnly = isCommittedOnly;
    this.#budget = budget;
    this.#host = host;
  }

  /** Takes in an answer to what `session` asked for. What a seek or a rebalance has made void is dropped. */
  take(session: FetchSession, { response, byId }: FetchExchange): void {
    const memory: FetchedMemory = { bytes: 0, chunks: 0 };
    const chunks: FetchedChunk[] = [];
    const stale = new Set<string>();
    for (const { topic, topicId, partitions } of response.responses) {
      for (const answer of partitions) {
        const asked = session.askedOf(byId ? topicId : topic, answer.partitionIndex);
        if (asked === undefined || !asked.state.isOwned || asked.state.seekCount !== asked.seekCount) continue;
        if (answer.errorCode !== 0) this.#refused(asked.state, answer, stale);
        else this.#accept(asked.state, answer, memory, chunks);
      }
    }
    if (chunks.length > 0) this.#budget.hold(memory);
    if (stale.size > 0) this.refresh(stale);
    if (chunks.length > 0) this.#host.arrived(chunks);
  }

  /** Asks for the topics' metadata anew. */
  refresh(topics: ReadonlySet<string>): void {
    this.#cluster.metadata.refresh(topics).catch((error: unknown) => {
      if (!isMillraceError(error)) throw error;
      this.#cluster.settings.report({ level: 'warn', event: 'metadata_failed', message: messageOf(error), error });
    });
  }

  #accept(state: PartitionState, answer: PartitionAnswer, memory: FetchedMemory, chunks: FetchedChunk[]): void {
    const { records, highWatermark, lastStableOffset, abortedTransactions, preferredReadReplica } = answer;
    if (preferredReadReplica >= 0) {
      const { platform, metadataMaxAgeMs } = this.#cluster.settings;
      state.nearReplica = preferredReadReplica;
      state.nearReplicaUntil = platform.clock.monotonic() + metadataMaxAgeMs;
    }
    if (records === null || records.length === 0) return;
    const chunk = new FetchedChunk(state, memory, records, {
      highWatermark,
      readableEnd: this.#isCommittedOnly ? lastStableOffset : highWatermark,
      aborted: this.#isCommittedOnly && abortedTransactions?.length ? abortedTransactions : undefined,
    });
    if (chunk.sizeInBytes === 0) {
      // What was fetched before is still good, and handed out first.
      if (chunk.damage !== undefined && state.chunks.length === 0) return this.#stuck(state, chunk.damage);
      // Less than a batch, from a broker that cuts even the first one off; again, but not at once, and not for ever.
      if (++state.cutShortCount >= cutShortMax && state.chunks.length === 0) {
        state.cutShortCount = 0;
        return this.#stuck(state, neverWhole(state, records));
      }
      this.#pause(state);
      return;
    }
    // Views pin all of the memory that the response came in.
    memory.bytes = records.buffer.byteLength;
    memory.chunks++;
    state.cutShortCount = 0;
    // Whoever takes the chunk hears of it, behind what is good of it.
    if (chunk.damage !== undefined) state.isStuck = true;
    state.fetchPosition = chunk.nextOffset;
    if (chunk.leaderEpoch >= 0) state.fetchEpoch = chunk.leaderEpoch;
    state.chunks.push(chunk);
    chunks.push(chunk);
  }

  #refused(state: PartitionState, { errorCode }: PartitionAnswer, stale: Set<string>): void {
    const { topic, partition } = state;
    if (state.nearReplica >= 0) {
      // Whatever it is, the leader knows better.
      state.nearReplica = -1;
      return;
    }
    const error = answerError(errorCode, `fetch from ${topic} [${partition}] at offset ${state.fetchPosition}`, null, {
      operation: 'read',
      resourceType: 'topic',
      resourceName: topic,
    });
    const remedy = remedyOf(errorCode);
    if (remedy === 'reset') return this.#host.outOfRange(state);
    if (remedy === 'fatal') return this.#stuck(state, error);
    this.#pause(state);
    if (remedy === 'refresh') stale.add(topic);
    const message = `${error.message}; trying again`;
    this.#cluster.settings.report({ level: 'warn', event: 'fetch_failed', message, error });
  }

  #stuck(state: PartitionState, error: Error): void {
    state.isStuck = true;
    this.#host.failed(error, state);
  }

  #pause(state: PartitionState): void {
    const { platform } = this.#cluster.settings;
    state.notBefore = platform.clock.monotonic() + backoffMs(this.#cluster.settings, 1, platform.randomness);
  }
}
