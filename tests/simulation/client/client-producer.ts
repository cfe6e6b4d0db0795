/** A producer of our client that writes numbered records, and reports each delivery to the partitions' histories. */
import { sleep } from '@millrace/base';
import { type Client, createClient, type Delivery, type Producer } from '@millrace/client';
import type { Actor, ActorHome, KnownPartition } from '../oracle/actor.ts';
import { InvariantViolation, numberedValue } from '../oracle/history.ts';
import { checkReleased, clientOptions } from './client-options.ts';

export interface ClientProducerPlan {
  /** Records to write to each partition. */
  readonly records: number;
  readonly valueBytesMax: number;
  readonly lingerMs: number;
  readonly batchBytesMax: number;
  /** So small that `write` answers false now and then. */
  readonly bufferBytesMax: number;
  readonly pauseMs: number;
}

export class ClientProducer implements Actor {
  readonly name: string;
  readonly done: Promise<void>;
  readonly #home: ActorHome;
  readonly #plan: ClientProducerPlan;
  readonly #partitions: readonly KnownPartition[];
  #left: number;
  #delivered = 0;
  #waits = 0;

  constructor(home: ActorHome, plan: ClientProducerPlan, partitions: readonly KnownPartition[]) {
    this.name = home.name;
    this.#home = home;
    this.#plan = plan;
    this.#partitions = partitions;
    this.#left = plan.records;
    this.done = home.work(() => this.#run());
  }

  get delivered(): number {
    return this.#delivered;
  }

  /** How often it had to wait for room. */
  get waits(): number {
    return this.#waits;
  }

  stop(): void {
    this.#left = 0;
  }

  async #run(): Promise<void> {
    const client: Client = createClient(clientOptions(this.#home));
    const { lingerMs, batchBytesMax, bufferBytesMax } = this.#plan;
    const producer = client.producer({
      lingerMs,
      batchBytesMax,
      bufferBytesMax,
      deliveryTimeoutMs: 600_000,
      onDelivery: (delivery) => this.#deliver(delivery),
    });
    let number = 0;
    for (; this.#left > 0; this.#left--) {
      for (const partition of this.#partitions) await this.#write(producer, partition, number);
      number += 1;
      await sleep(this.#home.platform.timers, this.#home.randomness.float() * 2 * this.#plan.pauseMs);
    }
    await producer.flush();
    if (this.#delivered !== number * this.#partitions.length) {
      throw new InvariantViolation(`${this.name} was told of ${this.#delivered} records after flush`);
    }
    await producer.close();
    await client.close();
    checkReleased(this.#home);
  }

  async #write(producer: Producer, { topic, index }: KnownPartition, number: number): Promise<void> {
    const value = numberedValue(this.name, number, '.'.repeat(this.#home.randomness.integer(this.#plan.valueBytesMax)));
    if (producer.write({ topic, partition: index, key: null, value: Buffer.from(value) })) return;
    this.#waits += 1;
    await producer.ready();
  }

  #deliver(delivery: Delivery): void {
    const { topic, partition, baseOffset, error } = delivery;
    if (error !== undefined) {
      return this.#home.fail(new InvariantViolation(`${this.name} could not deliver: ${String(error)}`));
    }
    const known = this.#partitions.find((each) => each.topic === topic && each.index === partition) as KnownPartition;
    const values = [...delivery.records()].map((record) => Buffer.from(record.value ?? []).toString());
    known.history.acknowledge(baseOffset, values);
    this.#delivered += values.length;
  }
}
