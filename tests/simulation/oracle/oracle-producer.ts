/**
 * A producer that writes numbered records to partitions, a lane for each. An idempotent one keeps up to five batches of
 * a lane in flight and sends unacknowledged ones again, in order and with their sequence numbers, until each is
 * acknowledged; so the broker must take each exactly once, and may refuse a sequence number only behind one that
 * failed.
 */
import {
  batchHeader,
  type Compression,
  errorCodes,
  errorRow,
  initProducerId,
  produce,
  RecordBatchBuilder,
} from '@millrace/wire';
import type { Actor, ActorHome, KnownPartition } from './actor.ts';
import { InvariantViolation, numberedValue } from './history.ts';
import { isPassing } from './passing-trouble.ts';
import { ConnectionGone, someVersion, type WireConnection } from './wire-connection.ts';

export interface ProducerPlan {
  readonly idempotent: boolean;
  readonly acks: -1 | 0 | 1;
  /** Records to write to each partition. */
  readonly records: number;
  readonly recordsPerBatchMax: number;
  readonly valueBytesMax: number;
  readonly compression: Compression;
  /** Mean time between two requests, in milliseconds. */
  readonly pauseMs: number;
}

interface Batch {
  readonly values: readonly string[];
  readonly bytes: Uint8Array;
}

interface Lane {
  readonly partition: KnownPartition;
  /** Records that are not in a batch yet. */
  left: number;
  nextNumber: number;
  /** In order of their sequence numbers. */
  readonly unacknowledged: Batch[];
  /** How many of those are in flight, or were answered out of turn: the ones in front. */
  sent: number;
  inFlight: number;
  /** A batch failed: nothing is sent until all behind it are answered, then everything again. */
  failed: boolean;
  /** It failed because the broker did not lead the partition, which says nothing of what it took of it before. */
  moved: boolean;
  /** A batch was acknowledged: before that a broker, which knows no number that must be next, takes any. */
  established: boolean;
}

/** As many as a broker remembers of a producer. */
const inFlightMax = 5;

/** Told of each producer id that a broker gave. */
export type OnProducerId = (producerId: number) => void;

export class OracleProducer implements Actor {
  readonly name: string;
  readonly done: Promise<void>;
  readonly #home: ActorHome;
  readonly #plan: ProducerPlan;
  readonly #onProducerId: OnProducerId;
  readonly #lanes: readonly Lane[];
  readonly #builder = new RecordBatchBuilder(256);
  #producerId = -1;
  #acknowledgedRecords = 0;
  #retries = 0;

  constructor(home: ActorHome, plan: ProducerPlan, partitions: readonly KnownPartition[], onProducerId: OnProducerId) {
    this.name = home.name;
    this.#home = home;
    this.#plan = plan;
    this.#onProducerId = onProducerId;
    this.#lanes = partitions.map((partition) => ({
      partition,
      left: plan.records,
      nextNumber: 0,
      unacknowledged: [],
      sent: 0,
      inFlight: 0,
      failed: false,
      moved: false,
      established: false,
    }));
    this.done = home.work(() => this.#run());
  }

  get acknowledgedRecords(): number {
    return this.#acknowledgedRecords;
  }

  /** Batches that had to be sent again. */
  get retries(): number {
    return this.#retries;
  }

  stop(): void {
    for (const lane of this.#lanes) lane.left = 0;
  }

  async #run(): Promise<void> {
    if (this.#plan.idempotent) await this.#identify();
    const leaders = new Set(this.#lanes.map(({ partition }) => partition.leader));
    await Promise.all([...leaders].map((leader) => this.#serve(leader)));
  }

  async #identify(): Promise<void> {
    const version = someVersion(this.#home.randomness, 0, 5);
    const draft = { transactionalId: null, transactionTimeoutMs: 60_000 };
    for (;;) {
      const { errorCode, producerId } = await this.#home.anyBroker().ask(initProducerId, version, draft);
      if (errorCode === errorCodes.NONE) {
        this.#producerId = producerId;
        return this.#onProducerId(producerId);
      }
      if (!errorRow(errorCode).retriable) throw this.#refused(`a producer id: ${errorRow(errorCode).name}`);
      await this.#home.anyBroker().pause();
    }
  }

  /** Sends to the partitions of one leader until all is acknowledged. */
  async #serve(leader: number): Promise<void> {
    const lanes = this.#lanes.filter(({ partition }) => partition.leader === leader);
    const endpoint = this.#home.broker(leader);
    const isBusy = (lane: Lane): boolean => lane.left > 0 || lane.unacknowledged.length > 0;
    while (lanes.some(isBusy)) {
      const connection = await endpoint.open();
      const version = someVersion(this.#home.randomness, 3, 13);
      while (connection.isOpen && lanes.some(isBusy)) {
        const chosen = lanes.filter((lane) => this.#maySend(lane) && this.#home.randomness.integer(3) > 0);
        if (chosen.length > 0) this.#send(connection, version, chosen);
        await endpoint.pause(2 * this.#plan.pauseMs);
      }
      await endpoint.pause();
    }
  }

  #maySend(lane: Lane): boolean {
    if (lane.failed) {
      if (lane.inFlight > 0) return false;
      lane.failed = false;
      lane.moved = false;
      this.#retries += lane.sent;
      lane.sent = 0;
    }
    const limit = this.#plan.idempotent && lane.established ? inFlightMax : 1;
    return lane.inFlight < limit && (lane.sent < lane.unacknowledged.length || lane.left > 0);
  }

  #send(connection: WireConnection, version: number, lanes: readonly Lane[]): void {
    const batches = lanes.map((lane) => this.#nextBatch(lane));
    const topics = new Map<
      string,
      { name: string; topicId: string; partitionData: { index: number; records: Uint8Array }[] }
    >();
    for (const [at, { partition }] of lanes.entries()) {
      const { topic, topicId, index } = partition;
      const entry = topics.get(topic) ?? { name: topic, topicId, partitionData: [] };
      topics.set(topic, entry);
      entry.partitionData.push({ index, records: (batches[at] as Batch).bytes });
    }
    const draft = { acks: this.#plan.acks, timeoutMs: 30_000, topicData: [...topics.values()] };
    if (this.#plan.acks === 0) {
      connection.post(produce, version, draft);
      for (const lane of lanes) {
        lane.unacknowledged.shift();
        lane.sent -= 1;
      }
      return;
    }
    for (const lane of lanes) lane.inFlight += 1;
    const answered = connection.request(produce, version, draft).then((response) => {
      const answers = response.responses.flatMap(({ name, topicId, partitionResponses }) =>
        partitionResponses.map((answer) => ({ topic: name || topicId, ...answer })),
      );
      for (const [at, lane] of lanes.entries()) {
        const { topic, topicId, index } = lane.partition;
        const answer = answers.find((each) => (each.topic === topic || each.topic === topicId) && each.index === index);
        if (answer === undefined) throw this.#refused(`an answer for ${topic}/${index}`);
        lane.inFlight -= 1;
        this.#settle(lane, batches[at] as Batch, answer.errorCode, answer.baseOffset);
      }
    });
    this.#home.work(() =>
      answered.catch((error: unknown) => {
        if (!(error instanceof ConnectionGone)) throw error;
        for (const lane of lanes) {
          lane.inFlight -= 1;
          lane.failed = true;
        }
      }),
    );
  }

  #settle(lane: Lane, batch: Batch, errorCode: number, baseOffset: number): void {
    const { history } = lane.partition;
    if (errorCode === errorCodes.NONE) {
      const index = lane.unacknowledged.indexOf(batch);
      if (!lane.moved) {
        if (lane.failed && this.#plan.idempotent)
          throw this.#refused('order: a batch was taken behind one that failed');
        if (index !== 0) throw this.#refused('the order of answers');
      }
      lane.established = true;
      history.acknowledge(baseOffset, batch.values);
      this.#acknowledgedRecords += batch.values.length;
      lane.unacknowledged.splice(index, 1);
      lane.sent -= 1;
      return;
    }
    const { name } = errorRow(errorCode);
    const isBehindFailed = lane.failed && errorCode === errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER;
    if (!isPassing(errorCode) && !isBehindFailed) {
      const first = batchHeader.baseSequence(batch.bytes, 0);
      throw this.#refused(`the batch with sequence ${first} in ${lane.partition.history.name}: ${name}`);
    }
    lane.failed = true;
    if (errorCode !== errorCodes.KAFKA_STORAGE_ERROR && !isBehindFailed) lane.moved = true;
  }

  #nextBatch(lane: Lane): Batch {
    if (lane.sent === lane.unacknowledged.length) {
      lane.unacknowledged.push(this.#build(lane));
    }
    const batch = lane.unacknowledged[lane.sent] as Batch;
    lane.sent += 1;
    return batch;
  }

  #build(lane: Lane): Batch {
    const { randomness, platform } = this.#home;
    const { recordsPerBatchMax, valueBytesMax, idempotent, compression } = this.#plan;
    const values: string[] = [];
    const count = Math.min(lane.left, 1 + randomness.integer(recordsPerBatchMax));
    lane.left -= count;
    const first = lane.nextNumber;
    this.#builder.reset();
    for (let index = 0; index < count; index++) {
      const padding = '.'.repeat(randomness.integer(valueBytesMax));
      const value = numberedValue(this.name, lane.nextNumber++, padding);
      values.push(value);
      this.#builder.append(platform.clock.now() - randomness.integer(1000), `k${randomness.integer(10)}`, value);
    }
    const identity = idempotent ? { producerId: this.#producerId, producerEpoch: 0, baseSequence: first } : {};
    return { values, bytes: Uint8Array.from(this.#builder.build({ ...identity, compression })) };
  }

  #refused(what: string): InvariantViolation {
    return new InvariantViolation(`${this.name} was refused ${what}`);
  }
}
