/**
 * A consumer that follows partitions at their end and waits as long as it takes, far longer than a run lasts: what is
 * appended must reach it because the broker wakes its fetch, not because the fetch ran out of time.
 */
import { errorCodes, errorRow, fetch, listOffsets, type ResponseOf } from '@millrace/wire';
import type { Actor, ActorHome, KnownPartition } from './actor.ts';
import type { Endpoint } from './endpoint.ts';
import { InvariantViolation, type Knowledge } from './history.ts';
import { isPassing } from './passing-trouble.ts';
import { ConnectionGone, someVersion, type WireConnection } from './wire-connection.ts';

interface Reading {
  readonly partition: KnownPartition;
  position: number;
}

type Answer = ResponseOf<typeof fetch>['responses'][number]['partitions'][number];

const earliest = -2;
/** Virtual milliseconds; a home for a follower must wait for an answer at least as long. */
export const followerWaitMs = 3_600_000;

export class OracleFollower implements Actor {
  readonly name: string;
  readonly done: Promise<void>;
  readonly #home: ActorHome;
  readonly #readings: readonly Reading[];
  #stopped = false;

  constructor(home: ActorHome, partitions: readonly KnownPartition[]) {
    this.name = home.name;
    this.#home = home;
    this.#readings = partitions.map((partition) => ({ partition, position: 0 }));
    const leaders = new Set(partitions.map(({ leader }) => leader));
    this.done = home.work(async () => {
      await Promise.all([...leaders].map((leader) => this.#follow(leader)));
    });
  }

  /** Whether it has everything that anybody was told of. */
  get isAtEnd(): boolean {
    return this.#readings.every(({ partition, position }) => position >= partition.history.knowledge.highWatermark);
  }

  stop(): void {
    this.#stopped = true;
    for (const leader of new Set(this.#readings.map(({ partition }) => partition.leader))) {
      this.#home.broker(leader).drop();
    }
  }

  async #follow(leader: number): Promise<void> {
    const endpoint = this.#home.broker(leader);
    const readings = this.#readings.filter(({ partition }) => partition.leader === leader);
    while (!this.#stopped) {
      try {
        await this.#wait(endpoint, await endpoint.open(), readings);
      } catch (error) {
        if (!(error instanceof ConnectionGone)) throw error;
      }
      await endpoint.pause();
    }
  }

  async #wait(endpoint: Endpoint, connection: WireConnection, readings: readonly Reading[]): Promise<void> {
    const version = someVersion(this.#home.randomness, 4, 12);
    while (!this.#stopped) {
      const before = new Map(readings.map(({ partition }) => [partition, partition.history.knowledge]));
      const topics = readings.map(({ partition, position }) => ({
        topic: partition.topic,
        partitions: [{ partition: partition.index, fetchOffset: position, partitionMaxBytes: 64 * 1024 }],
      }));
      const draft = { maxWaitMs: followerWaitMs, minBytes: 1, maxBytes: 2 ** 20, topics };
      const { responses } = await connection.request(fetch, version, draft);
      for (const { topic, partitions } of responses) {
        for (const answer of partitions) {
          const reading = readings.find(
            ({ partition }) => partition.topic === topic && partition.index === answer.partitionIndex,
          ) as Reading;
          if (answer.errorCode === errorCodes.OFFSET_OUT_OF_RANGE) await this.#reset(connection, reading);
          else this.#take(reading, answer, before.get(reading.partition) as Knowledge);
        }
      }
      await endpoint.pause(10);
    }
  }

  /** What was next is deleted. */
  async #reset(connection: WireConnection, reading: Reading): Promise<void> {
    const { topic, index } = reading.partition;
    const topics = [{ name: topic, partitions: [{ partitionIndex: index, timestamp: earliest }] }];
    const response = await connection.request(listOffsets, 8, { replicaId: -1, topics });
    const answer = response.topics[0]?.partitions[0];
    if (answer?.errorCode === errorCodes.NONE) reading.position = answer.offset;
  }

  #take(reading: Reading, answer: Answer, before: Knowledge): void {
    const { history } = reading.partition;
    if (isPassing(answer.errorCode)) return;
    if (answer.errorCode !== errorCodes.NONE) {
      const { name } = errorRow(answer.errorCode);
      throw new InvariantViolation(`${this.name}: a fetch of ${history.name} failed with ${name}`);
    }
    if (answer.records === null || answer.records.length === 0) return;
    for (const offset of history.read(answer.records, reading.position, before, answer.highWatermark).keys()) {
      reading.position = offset + 1;
    }
  }
}
