/**
 * Whether leaders of the source still have what was fetched, for brokers before Kafka 2.7, which do not compare that at
 * each fetch: they are asked once under each leader epoch. As long as a leader stays its log only grows, and fetches
 * name the epoch that they rely on, so that any other leader refuses them (KIP-320).
 */
import type { Cluster, Connection } from '@millrace/client/protocol';
import { errorCodes, offsetForLeaderEpoch } from '@millrace/wire';
import type { FetchPlace } from './fetch-request.ts';
import type { PartitionRanges } from './partition-ranges.ts';
import { isLogOf } from './source-divergence.ts';
import type { EpochEnd } from './source-epochs.ts';
import type { SourcePartition } from './source-partition.ts';

/** Why a place can't be fetched: its leader refuses it, or has other records before it, as an epoch's end says. */
export type Doubt = { readonly errorCode: number } | { readonly end: EpochEnd };

interface Question {
  readonly place: FetchPlace;
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  /** Of the record before the position, and under which the broker leads. */
  readonly leaderEpoch: number;
  readonly currentLeaderEpoch: number;
}

export class LeaderEpochs {
  readonly #cluster: Cluster;
  /** Under which epoch the leader was last found to have what was fetched. */
  readonly #compared = new WeakMap<PartitionRanges, number>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The epoch that a fetch relies on; -1 before it was compared. */
  of(ranges: PartitionRanges): number {
    return this.#compared.get(ranges) ?? -1;
  }

  /** Compares what was not under the present leaders; answers which places can't be fetched. Rejects as a request. */
  async compare(
    connection: Connection,
    nodeId: number,
    places: readonly FetchPlace[],
  ): Promise<ReadonlyMap<FetchPlace, Doubt>> {
    const doubts = new Map<FetchPlace, Doubt>();
    const questions: Question[] = [];
    for (const place of places) {
      const { topic, partition, position, lastFetchedEpoch: leaderEpoch } = place.ranges.partition;
      const currentLeaderEpoch = this.#epochAt(nodeId, place.ranges.partition);
      if (currentLeaderEpoch === undefined) doubts.set(place, { errorCode: errorCodes.NOT_LEADER_OR_FOLLOWER });
      else if (leaderEpoch < 0) this.#compared.set(place.ranges, currentLeaderEpoch);
      else if (this.#compared.get(place.ranges) !== currentLeaderEpoch) {
        questions.push({ place, topic, partition, position, leaderEpoch, currentLeaderEpoch });
      }
    }
    if (questions.length > 0) await this.#ask(connection, questions, doubts);
    return doubts;
  }

  /** Under which epoch the broker leads, as far as is known here; undefined where another does. */
  #epochAt(nodeId: number, { topic, partition }: SourcePartition): number | undefined {
    const known = this.#cluster.metadata.peek(topic)?.partitions[partition];
    return known?.leader === nodeId ? known.leaderEpoch : undefined;
  }

  async #ask(connection: Connection, questions: readonly Question[], doubts: Map<FetchPlace, Doubt>): Promise<void> {
    const topics = [...Map.groupBy(questions, ({ topic }) => topic)].map(([topic, partitions]) => {
      return {
        topic,
        partitions: partitions.map(({ partition, leaderEpoch, currentLeaderEpoch }) => {
          return { partition, leaderEpoch, currentLeaderEpoch };
        }),
      };
    });
    const response = await connection.request(offsetForLeaderEpoch, { topics });
    const answers = new Map(
      response.topics.flatMap(({ topic, partitions }) =>
        partitions.map((answer) => [`${answer.partition} ${topic}`, answer] as const),
      ),
    );
    for (const { place, topic, partition, position, leaderEpoch, currentLeaderEpoch } of questions) {
      const answer = answers.get(`${partition} ${topic}`);
      const errorCode = answer?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR;
      const end = { epoch: answer?.leaderEpoch ?? -1, endOffset: answer?.endOffset ?? -1 };
      if (errorCode !== 0) doubts.set(place, { errorCode });
      else if (isLogOf(end, leaderEpoch, position)) this.#compared.set(place.ranges, currentLeaderEpoch);
      // As leaders that compare refuse where they know of no such epoch.
      else doubts.set(place, end.endOffset < 0 ? { errorCode: errorCodes.OFFSET_OUT_OF_RANGE } : { end });
    }
  }
}
