/** A program that writes through a producer whose cluster and settings change all the while. */
import { isMillraceError, sleep } from '@millrace/base';
import { type Delivery, DeliveryError } from '@millrace/client';
import {
  ClusterClients,
  ProducerSide,
  type Switched,
  SwitchingProducer,
  type Target,
  Wanted,
} from '@millrace/resilient/testing/switch-parts';
import { checkReleased, clientOptions } from '../client/client-options.ts';
import type { ActorHome } from '../oracle/actor.ts';
import type { Coverage } from '../oracle/coverage.ts';
import { InvariantViolation, numberedValue, parseValue } from '../oracle/history.ts';
import type { SimCluster } from '../oracle/sim-cluster.ts';
import type { SwitchScenario } from './switch-scenario.ts';
import { WrittenRecords } from './written-records.ts';

export const topic = 'orders';

export class SwitchingWriter {
  readonly records = new WrittenRecords();
  readonly done: Promise<void>;
  readonly #home: ActorHome;
  readonly #scenario: SwitchScenario;
  readonly #clusters: Readonly<Record<'east' | 'west', SimCluster>>;
  readonly #coverage: Coverage;
  readonly #wanted: Wanted;
  readonly #answering: Promise<void>;
  #answers = 0;
  #generation = 0;
  #isAnswering = true;

  constructor(
    home: ActorHome,
    scenario: SwitchScenario,
    clusters: Readonly<Record<'east' | 'west', SimCluster>>,
    coverage: Coverage,
  ) {
    this.#home = home;
    this.#scenario = scenario;
    this.#clusters = clusters;
    this.#coverage = coverage;
    this.#wanted = new Wanted(this.#target('east'));
    this.done = home.work(() => this.#run());
    this.#answering = home.work(() => this.#answer());
  }

  /** From now on nothing changes any more. */
  settle(): void {
    this.#isAnswering = false;
  }

  async #run(): Promise<void> {
    const { platform } = this.#home;
    const { records, drainTimeoutMs } = this.#scenario;
    const clients = new ClusterClients(platform, ({ level, message }) =>
      this.#home.note(`writer ${level}: ${message}`),
    );
    const own = { onDelivery: (delivery: Delivery) => this.#delivered(delivery) };
    const makeSide = (target: Target): ProducerSide =>
      new ProducerSide({ clients, target, topics: [topic], own, observe: () => undefined });
    const first = makeSide(this.#wanted.target);
    await first.start();
    const producer = new SwitchingProducer({
      ...{ platform, topics: [topic], wanted: this.#wanted, first, makeSide, drainTimeoutMs },
      ...{ onDelivery: own.onDelivery, observe: () => undefined, transactionalId: undefined },
      switched: (what) => this.#switched(what),
      agrees: () => true,
      joined: () => undefined,
      report: ({ level, message }) => this.#home.note(`writer ${level}: ${message}`),
      closed: async () => undefined,
    });
    await Promise.all([this.#write(producer, Math.ceil(records / 2), true), this.#write(producer, records / 2, false)]);
    this.settle();
    await producer.flush();
    await producer.close();
    await this.#answering;
    checkReleased(this.#home);
  }

  /**
   * Promises are not all waited for in the order of the calls: a send that waits for room has no number before it has.
   */
  async #send(producer: SwitchingProducer, key: number): Promise<void> {
    // One at a time under way that has to wait for room: numbers are given in the order in which records are accepted.
    while (producer.bufferedBytes >= this.#scenario.bufferBytesMax) await producer.ready();
    const number = this.records.write(key);
    try {
      await producer.send(this.#record(number, key));
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      this.records.settle(number, fateOf(error), undefined);
    }
  }

  /** A careful writer waits when it is told to; another one only when nothing is taken any more. */
  async #write(producer: SwitchingProducer, count: number, isCareful: boolean): Promise<void> {
    const { randomness, platform } = this.#home;
    const { keys, pauseMs, sendShare } = this.#scenario;
    const sends: Promise<void>[] = [];
    for (let number = 0; number < count; number++) {
      const key = randomness.integer(keys);
      if (isCareful && randomness.float() < sendShare) sends.push(this.#send(producer, key));
      else if (!this.#accepted(producer, key) || (isCareful && producer.isHolding)) {
        if (isCareful) await producer.ready();
        else await sleep(platform.timers, randomness.float() * 20);
      }
      if (sends.length > 50) await Promise.all(sends.splice(0));
      if (randomness.integer(3) > 0) await sleep(platform.timers, randomness.float() * 6 * pauseMs);
    }
    await Promise.all(sends);
  }

  #accepted(producer: SwitchingProducer, key: number): boolean {
    const number = this.records.write(key);
    try {
      if (!producer.write(this.#record(number, key))) {
        this.#coverage.add(producer.isHolding ? 'writes held' : 'writes that had to wait');
      }
      return true;
    } catch (error) {
      this.records.refuse(number);
      if (!isMillraceError(error, 'buffer_full')) throw error;
      this.#coverage.add('writes refused');
      return false;
    }
  }

  #record(number: number, key: number) {
    const padding = '.'.repeat(this.#home.randomness.integer(this.#scenario.valueBytesMax));
    return { topic, key: `key-${key}`, value: numberedValue('writer', number, padding) };
  }

  #delivered(delivery: Delivery): void {
    const { error } = delivery;
    if (error !== undefined && !(error instanceof DeliveryError)) throw error;
    const values = [...delivery.records()].map(({ value }) => Buffer.from(value ?? []).toString());
    if (values.length !== delivery.recordCount) throw new InvariantViolation('a delivery lacks records');
    for (const value of values) {
      const { number } = parseValue(value);
      if (error === undefined) this.records.settle(number, 'acknowledged', undefined);
      else this.records.settle(number, fateOf(error), undefined);
    }
  }

  #switched({ from, to, forced }: Switched): void {
    const isMove = from.name !== to.name || from.generation !== to.generation;
    this.#coverage.add(isMove ? 'moves' : 'changes of settings');
    if (forced) this.#coverage.add('forced moves');
    if (forced && !isMove) throw new InvariantViolation('a change of settings gave records up');
  }

  /** Answers come, one after the other. */
  async #answer(): Promise<void> {
    const { platform, randomness } = this.#home;
    const { answerMs, moveShare } = this.#scenario;
    while (this.#isAnswering) {
      await sleep(platform.timers, randomness.float() * 2 * answerMs);
      if (!this.#isAnswering) return;
      const { name } = this.#wanted.target.cluster;
      const moves = randomness.integer(100) < moveShare;
      if (moves) this.#generation++;
      this.#wanted.target = this.#target(moves ? (name === 'east' ? 'west' : 'east') : (name as 'east'));
    }
  }

  #target(name: 'east' | 'west'): Target {
    const { host, brokers } = this.#clusters[name];
    const { bootstrap: _own, platform: _platform, report: _report, ...client } = clientOptions(this.#home);
    const cluster = { name, generation: this.#generation };
    const answer = ++this.#answers;
    const lingerMs = this.#home.randomness.integer(3) * 5;
    return {
      cluster,
      generations: new Map([[topic, cluster.generation]]),
      version: answer,
      credential: undefined,
      bootstrap: brokers.map(({ port }) => `${host}:${port}`).join(','),
      client,
      producer: { lingerMs, bufferBytesMax: this.#scenario.bufferBytesMax, deliveryTimeoutMs: 600_000 },
      consumer: {},
      connections: `${name} ${answer % 2}`,
      fingerprint: JSON.stringify([cluster, answer]),
      settings: new Map(),
      unknown: [],
    };
  }
}

function fateOf({ code, maybeStored }: DeliveryError): 'ambiguous' | 'failed unsent' | 'failed' {
  if (!maybeStored) return 'failed unsent';
  return code === 'delivery_ambiguous' ? 'ambiguous' : 'failed';
}
