/**
 * A consumer that reads partitions from their start to their end, again and again from random places, with and without
 * fetch sessions, and reports everything it is told to the partitions' histories.
 */
import { sleep } from '@millrace/base';
import { errorCodes, errorRow, fetch, listOffsets, type ResponseOf } from '@millrace/wire';
import type { Actor, ActorHome, KnownPartition } from './actor.ts';
import { InvariantViolation, type Knowledge } from './history.ts';
import { isPassing } from './passing-trouble.ts';
import { ConnectionGone, someVersion, type WireConnection } from './wire-connection.ts';

interface Reading {
  readonly partition: KnownPartition;
  position: number;
}

type Answer = ResponseOf<typeof fetch>['responses'][number]['partitions'][number];

/** Fetch sessions begin with this version, and topics are named by id from `topicIdVersion` on. */
const sessionVersion = 7;
const topicIdVersion = 13;
const earliest = -2;

export class OracleConsumer implements Actor {
  readonly name: string;
  readonly done: Promise<void>;
  readonly #home: ActorHome;
  #stopped = false;
  #recordsRead = 0;

  constructor(home: ActorHome, partitions: readonly KnownPartition[]) {
    this.name = home.name;
    this.#home = home;
    const leaders = new Set(partitions.map(({ leader }) => leader));
    const parts = [...leaders].map((leader) => partitions.filter((partition) => partition.leader === leader));
    this.done = home.work(async () => {
      await Promise.all(parts.map((part) => this.#serve(part)));
    });
  }

  get recordsRead(): number {
    return this.#recordsRead;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #serve(partitions: readonly KnownPartition[]): Promise<void> {
    const endpoint = this.#home.broker((partitions[0] as KnownPartition).leader);
    const readings = partitions.map((partition) => ({ partition, position: 0 }));
    while (!this.#stopped) {
      const connection = await endpoint.open();
      try {
        await this.#session(connection, readings);
      } catch (error) {
        if (!(error instanceof ConnectionGone)) throw error;
      }
      await endpoint.pause();
    }
  }

  /** A number of fetches in one session, or without one. */
  async #session(connection: WireConnection, readings: readonly Reading[]): Promise<void> {
    const { randomness } = this.#home;
    const version = someVersion(randomness, 4, 18);
    const withSession = version >= sessionVersion && randomness.integer(2) === 0;
    let sessionId = 0;
    let sessionEpoch = withSession ? 0 : -1;
    for (let round = 0; round < 12 && !this.#stopped; round++) {
      if (randomness.integer(8) === 0) this.#seek(readings);
      await sleep(this.#home.platform.timers, randomness.integer(20));
      const before = new Map(readings.map(({ partition }) => [partition, partition.history.knowledge]));
      const response = await connection.request(fetch, version, {
        maxWaitMs: randomness.integer(40),
        minBytes: randomness.integer(randomness.integer(3) === 0 ? 8 * 1024 : 3),
        maxBytes: 1 + randomness.integer(16 * 1024),
        sessionId,
        sessionEpoch,
        topics: topicsOf(readings, 1 + randomness.integer(8 * 1024)),
      });
      if (response.errorCode !== errorCodes.NONE) {
        if (response.errorCode === errorCodes.FETCH_SESSION_ID_NOT_FOUND) return;
        throw new InvariantViolation(`${this.name}: a fetch failed with ${errorRow(response.errorCode).name}`);
      }
      sessionId = response.sessionId;
      if (withSession) sessionEpoch = sessionId === 0 ? 0 : sessionEpoch + 1;
      for (const topic of response.responses) {
        for (const answer of topic.partitions) {
          const reading = readings.find(
            ({ partition }) =>
              partition.index === answer.partitionIndex &&
              (version >= topicIdVersion ? partition.topicId === topic.topicId : partition.topic === topic.topic),
          );
          if (reading === undefined) throw new InvariantViolation(`${this.name}: an answer for what was not asked for`);
          await this.#take(connection, reading, answer, before.get(reading.partition) as Knowledge);
        }
      }
    }
  }

  async #take(connection: WireConnection, reading: Reading, answer: Answer, before: Knowledge): Promise<void> {
    const { history } = reading.partition;
    if (answer.errorCode === errorCodes.OFFSET_OUT_OF_RANGE) return this.#reset(connection, reading, before);
    if (isPassing(answer.errorCode)) return;
    if (answer.errorCode !== errorCodes.NONE) {
      const { name } = errorRow(answer.errorCode);
      throw new InvariantViolation(`${this.name}: a fetch of ${history.name} failed with ${name}`);
    }
    history.bounds(
      answer.highWatermark,
      answer.logStartOffset < 0 ? before.startOffset : answer.logStartOffset,
      before,
    );
    if (answer.records === null || answer.records.length === 0) return;
    const records = history.read(answer.records, reading.position, before, answer.highWatermark);
    this.#recordsRead += records.size;
    for (const offset of records.keys()) reading.position = offset + 1;
  }

  /** The position must lie before the start now, because it has been between start and high watermark. */
  async #reset(connection: WireConnection, reading: Reading, before: Knowledge): Promise<void> {
    const { topic, index, history } = reading.partition;
    const { position } = reading;
    const partitions = [{ partitionIndex: index, timestamp: earliest }];
    const response = await connection.request(listOffsets, someVersion(this.#home.randomness, 1, 11), {
      replicaId: -1,
      topics: [{ name: topic, partitions }],
    });
    const answer = response.topics[0]?.partitions[0];
    if (answer !== undefined && isPassing(answer.errorCode)) return;
    if (answer === undefined || answer.errorCode !== errorCodes.NONE) {
      throw new InvariantViolation(`${this.name}: the start of ${history.name} is not told`);
    }
    history.bounds(Math.max(before.highWatermark, answer.offset), answer.offset, before);
    if (answer.offset <= position) {
      const message = `position ${position} of ${history.name} was refused, and the start is ${answer.offset}`;
      throw new InvariantViolation(`${this.name}: ${message}; known was ${JSON.stringify(before)}`);
    }
    reading.position = answer.offset;
  }

  #seek(readings: readonly Reading[]): void {
    for (const reading of readings) {
      const { startOffset, highWatermark } = reading.partition.history.knowledge;
      // Often to the start, which may be moving.
      const span = this.#home.randomness.integer(2) === 0 ? 1 : highWatermark - startOffset + 1;
      reading.position = startOffset + this.#home.randomness.integer(span);
    }
  }
}

function topicsOf(readings: readonly Reading[], bytesMax: number) {
  const topics = new Map<string, { topic: string; topicId: string; partitions: FetchPartition[] }>();
  for (const { partition, position } of readings) {
    const { topic, topicId, index } = partition;
    const entry = topics.get(topic) ?? { topic, topicId, partitions: [] };
    topics.set(topic, entry);
    entry.partitions.push({ partition: index, fetchOffset: position, partitionMaxBytes: bytesMax });
  }
  return [...topics.values()];
}

interface FetchPartition {
  readonly partition: number;
  readonly fetchOffset: number;
  readonly partitionMaxBytes: number;
}
