/**
 * A group of our client's consumers, whose members come and go. Each record must be handled by a member at least once,
 * and what is committed must have been handled.
 */
import { sleep } from '@millrace/base';
import { createClient } from '@millrace/client';
import { errorCodes, offsetFetch } from '@millrace/wire';
import type { Actor, ActorHome, KnownPartition } from '../oracle/actor.ts';
import { findCoordinatorOf } from '../oracle/find-coordinator.ts';
import { InvariantViolation } from '../oracle/history.ts';
import { checkReleased, clientOptions } from './client-options.ts';

export interface ClientGroupPlan {
  readonly members: number;
  readonly commit: 'auto' | 'manual';
  /** How long a member stays, at most. */
  readonly stayMsMax: number;
  /** Offsets that were answered as committed may be lost. */
  readonly losesPower: boolean;
}

export class ClientGroup implements Actor {
  readonly name: string;
  readonly done: Promise<void>;
  readonly #homes: readonly ActorHome[];
  readonly #plan: ClientGroupPlan;
  readonly #partitions: readonly KnownPartition[];
  /** Offsets that a member has handled, by partition. */
  readonly #handled = new Map<KnownPartition, Set<number>>();
  /** The offset that was found committed last. */
  readonly #committed = new Map<KnownPartition, number>();
  #stopped = false;
  #joins = 0;
  #records = 0;

  /** Each member has a home of its own; there are as many as members. */
  constructor(homes: readonly ActorHome[], plan: ClientGroupPlan, partitions: readonly KnownPartition[]) {
    this.name = (homes[0] as ActorHome).name;
    this.#homes = homes;
    this.#plan = plan;
    this.#partitions = partitions;
    for (const partition of partitions) this.#handled.set(partition, new Set());
    this.done = Promise.all(homes.map((home) => home.work(() => this.#stay(home)))).then(() => undefined);
  }

  get joins(): number {
    return this.#joins;
  }

  /** Records handled, those that were handled again included. */
  get records(): number {
    return this.#records;
  }

  /** Whether everything that is there now was handled; where records are deleted, the last of them. */
  get hasHandledAll(): boolean {
    return this.#partitions.every((partition) => {
      const { history } = partition;
      const { highWatermark, startOffset } = history.knowledge;
      const handled = this.#handled.get(partition) as Set<number>;
      if (!history.isTrimmed) return handled.size + history.markerCount >= highWatermark;
      let last = highWatermark - 1;
      while (history.isMarker(last)) last -= 1;
      return history.isEmpty || last < startOffset || handled.has(last);
    });
  }

  stop(): void {
    this.#stopped = true;
  }

  /** A member, again and again. */
  async #stay(home: ActorHome): Promise<void> {
    while (!this.#stopped) {
      const client = createClient(clientOptions(home));
      const consumer = client.consumer({
        group: this.name,
        topics: [...new Set(this.#partitions.map(({ topic }) => topic))],
        from: 'earliest',
        commit: this.#plan.commit,
        commitIntervalMs: 50 + home.randomness.integer(500),
        heartbeatIntervalMs: 300,
        sessionTimeoutMs: 6000,
        fetchWaitMs: 50,
      });
      this.#joins += 1;
      const timer = home.platform.timers.after(home.randomness.integer(this.#plan.stayMsMax), () => leave());
      const leave = (): void => void closing.resolve();
      const closing = Promise.withResolvers<void>();
      const closed = closing.promise.then(() => consumer.close());
      for await (const batch of consumer) {
        for (const record of batch) this.#handle(record.topic, record.partition, record.offset, record.valueBytes);
        await sleep(home.platform.timers, home.randomness.integer(20));
        if (this.#plan.commit === 'manual' && home.randomness.integer(3) === 0) await this.#commit(home, consumer);
        if (this.#stopped) leave();
      }
      timer.cancel();
      await closed;
      await client.close();
      checkReleased(home);
      await sleep(home.platform.timers, home.randomness.integer(100));
    }
  }

  async #commit(home: ActorHome, consumer: { commit(): Promise<void> }): Promise<void> {
    try {
      await consumer.commit();
    } catch (error) {
      // The partitions went to another member, who reads them again.
      home.note(`${home.name} could not commit: ${String(error)}`);
    }
  }

  #handle(topic: string, index: number, offset: number, value: Uint8Array | null): void {
    const partition = this.#partitions.find((each) => each.topic === topic && each.index === index) as KnownPartition;
    partition.history.seen(offset, Buffer.from(value ?? []).toString());
    this.#handled.get(partition)?.add(offset);
    this.#records += 1;
  }

  /** Compares what is committed with what was handled. */
  async check(): Promise<void> {
    const home = this.#homes[0] as ActorHome;
    const { nodeId } = await findCoordinatorOf(home, this.name);
    const response = await home.broker(nodeId).ask(offsetFetch, 8, {
      groups: [{ groupId: this.name, topics: null }],
      requireStable: false,
    });
    const group = response.groups[0];
    if (group?.errorCode !== errorCodes.NONE) throw new InvariantViolation(`${this.name}: offsets are not told`);
    for (const partition of this.#partitions) {
      const topic = group.topics.find(({ name }) => name === partition.topic);
      const found = topic?.partitions.find(({ partitionIndex }) => partitionIndex === partition.index);
      this.#checkCommitted(partition, found?.committedOffset ?? -1);
    }
  }

  #checkCommitted(partition: KnownPartition, offset: number): void {
    const { history } = partition;
    const before = this.#committed.get(partition) ?? -1;
    if (offset < before && !this.#plan.losesPower) {
      throw new InvariantViolation(`${this.name} had ${before} committed for ${history.name}, and now ${offset}`);
    }
    this.#committed.set(partition, offset);
    const handled = this.#handled.get(partition) as Set<number>;
    if (history.isTrimmed) return;
    for (let each = 0; each < offset; each++) {
      if (handled.has(each) || history.isMarker(each)) continue;
      throw new InvariantViolation(`${this.name} committed ${offset} for ${history.name}; nobody handled ${each}`);
    }
  }
}
