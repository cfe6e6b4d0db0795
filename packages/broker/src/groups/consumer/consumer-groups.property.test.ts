/**
 * Random members of one consumer group: they join, tell what they own, give up late what they are told to, lose
 * answers, repeat old heartbeats, change what they read, leave, crash, come back as static members, and a classic one
 * among them joins and syncs; topics come, grow and go; writes fail; the process is killed. After every step:
 *
 * - no partition is read by two clients that are members;
 * - epochs never go back, those of the group and those that a member is told under one id.
 *
 * When all is quiet, the group is stable, every partition of every subscribed topic is read by one member, and where
 * all subscribe alike their numbers differ by one at most.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes } from '@millrace/wire';
import fc from 'fast-check';
import { ClassicConsumerClient } from '../../testing/classic-consumer-client.ts';
import { ConsumerClient } from '../../testing/consumer-client.ts';
import { GroupFixture } from '../../testing/group-fixture.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const sessionMs = 45_000;
const configuration = { 'group.consumer.migration.policy': 'upgrade' };

const topicSets = [['orders'], ['orders'], ['orders', 'events'], ['events']] as const;
const client = fc.nat({ max: 7 });
const step = fc.oneof(
  { weight: 30, arbitrary: fc.record({ kind: fc.constant('heartbeat' as const), client }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('all' as const) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('give-up' as const), client }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('lost-answer' as const), client }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('late-answer' as const), client }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('repeat' as const), client }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), client }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), client }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('subscribe' as const), client, topics: fc.nat({ max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('grow' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('recreate' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 30_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail-write' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type Client = ConsumerClient | ClassicConsumerClient;

class Simulation {
  readonly #areAlike: boolean;
  #fixture!: GroupFixture;
  readonly #clients: Client[] = [];
  #made = 0;
  #partitionCount = 4;
  #groupEpoch = 0;
  readonly #epochs = new Map<string, number>();

  constructor(areAlike: boolean) {
    this.#areAlike = areAlike;
  }

  async start(): Promise<void> {
    this.#fixture = await GroupFixture.start({ configuration });
    for (let index = 0; index < 8; index++) this.#clients.push(this.#newClient(index));
  }

  async run(step: Step): Promise<void> {
    await this.#take(step);
    this.#check();
  }

  async #take(step: Step): Promise<void> {
    const one = 'client' in step ? this.#clients[step.client] : undefined;
    switch (step.kind) {
      case 'heartbeat':
        return one?.beat(this.#fixture);
      case 'all':
        await Promise.all(this.#clients.map((each) => each.beat(this.#fixture)));
        return;
      case 'give-up':
        return one?.giveUp();
      case 'lost-answer':
        return one?.loseAnswer(this.#fixture);
      case 'late-answer':
        return this.#answerLate(one);
      case 'repeat':
        return one instanceof ConsumerClient ? one.repeatOutdated(this.#fixture) : undefined;
      case 'leave':
        return one?.depart(this.#fixture);
      case 'crash':
        this.#clients[step.client] = this.#newClient(step.client);
        return;
      case 'subscribe':
        if (!this.#areAlike) one?.subscribe(topicSets[step.topics] ?? ['orders']);
        return;
      case 'grow':
        return this.#grow();
      case 'recreate':
        return this.#recreate();
      case 'pass':
        await this.#fixture.platform.pass(step.ms);
        return;
      case 'fail-write':
        return this.#failWrite();
      case 'kill':
        this.#fixture = await this.#fixture.restart();
        for (const each of this.#clients) each.lose();
        return;
    }
  }

  /** Nothing more goes wrong. Whoever crashed is fenced; the others come to rest. */
  async settle(): Promise<void> {
    for (let passed = 0; passed <= 2 * sessionMs; passed += 5_000) {
      await this.#round();
      await this.#fixture.platform.pass(5_000);
    }
    for (let round = 0; round < 8; round++) await this.#round();
    this.#checkSettled();
  }

  async #round(): Promise<void> {
    for (const each of this.#clients) {
      await each.beat(this.#fixture);
      each.giveUp();
      this.#check();
    }
  }

  /** Another process takes the client's place: of a static member under its instance id. */
  #newClient(index: number): Client {
    this.#made += 1;
    const id = `member-${this.#made}`.padEnd(22, '-');
    const topicNames = this.#areAlike ? ['orders', 'events'] : [...(topicSets[index % 4] ?? ['orders'])];
    if (index === 6) return new ClassicConsumerClient({ topicNames });
    const instanceId = index === 7 ? 'static' : null;
    const pattern = index === 5 && !this.#areAlike ? 'or.*' : null;
    return new ConsumerClient(id, { topicNames, pattern, instanceId, rebalanceTimeoutMs: 20_000 });
  }

  /** The answer comes after others were answered. */
  async #answerLate(one: Client | undefined): Promise<void> {
    if (!(one instanceof ConsumerClient)) return;
    const late = this.#fixture.groups.consumerHeartbeat(one.request(), consumerPeer, () => true);
    for (const each of this.#clients) if (each !== one) await each.beat(this.#fixture);
    one.take(await late);
  }

  async #grow(): Promise<void> {
    const topic = this.#fixture.topics.byName('orders');
    if (topic === undefined || this.#partitionCount > 20) return;
    await this.#fixture.topics.grow(topic, [[1], [1], [1]]);
    this.#partitionCount += 3;
  }

  async #recreate(): Promise<void> {
    const topic = this.#fixture.topics.byName('events');
    if (topic !== undefined) await this.#fixture.topics.delete(topic);
    else await this.#fixture.topics.create('events', [[1], [1], [1], [1]], new Map());
  }

  async #failWrite(): Promise<void> {
    const { disk } = this.#fixture.platform;
    disk.failing.push('write');
    await Promise.all(this.#clients.slice(0, 3).map((each) => each.beat(this.#fixture)));
    disk.failing.length = 0;
  }

  #describe() {
    return this.#fixture.groups.describeConsumerGroup('g');
  }

  #check(): void {
    const { errorCode, groupEpoch, members = [] } = this.#describe();
    if (errorCode !== errorCodes.NONE) return;
    assert(groupEpoch >= this.#groupEpoch, `the group's epoch went back from ${this.#groupEpoch} to ${groupEpoch}`);
    this.#groupEpoch = groupEpoch;
    const readers = new Map<string, string>();
    for (const { memberId } of members) {
      const reader = this.#clients.find((each) => each.id === memberId);
      if (reader === undefined) continue;
      assert(reader.epoch <= groupEpoch, `${memberId} is ahead of its group`);
      this.#checkEpoch(memberId, reader.epoch);
      for (const key of reader.owned) {
        const other = readers.get(key);
        assert(other === undefined, `partition ${key} is read by ${other} and ${memberId}`);
        readers.set(key, memberId);
      }
    }
  }

  #checkEpoch(memberId: string, epoch: number): void {
    const before = this.#epochs.get(memberId) ?? 0;
    if (epoch === 0) return;
    assert(epoch >= before, `${memberId} went back from epoch ${before} to ${epoch}`);
    this.#epochs.set(memberId, epoch);
  }

  #checkSettled(): void {
    const { groupState, groupEpoch, members = [] } = this.#describe();
    assert.equal(groupState, 'Stable', JSON.stringify(members));
    assert.equal(members.length, this.#clients.length);
    const read = new Map<string, number>();
    for (const each of this.#clients) {
      assert.equal(each.epoch, groupEpoch, `${each.id} is not at the group's epoch`);
      for (const key of each.owned) read.set(key, (read.get(key) ?? 0) + 1);
    }
    const names = new Set(this.#clients.flatMap((each) => each.topicNames));
    const expected = [...names].flatMap((name) => {
      const topic = this.#fixture.topics.byName(name);
      return topic === undefined ? [] : topic.partitions.map((_, index) => `${topic.id}:${index}`);
    });
    assert.deepEqual([...read.keys()].sort(), expected.sort());
    assert([...read.values()].every((count) => count === 1));
    if (!this.#areAlike) return;
    const sizes = this.#clients.map((each) => each.owned.size);
    assert(Math.max(...sizes) - Math.min(...sizes) <= 1, `members own ${sizes}`);
  }
}

const consumerPeer = { clientId: 'client', clientHost: '/127.0.0.1', apiVersion: 1 };

for (const areAlike of [true, false]) {
  const how = areAlike ? 'the same topics' : 'different topics';
  test(`members that read ${how} never share a partition, and come to rest with all of them`, async () => {
    const steps = fc.array(step, { minLength: 20, maxLength: 120 });
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const simulation = new Simulation(areAlike);
        await simulation.start();
        for (const each of sequence) await simulation.run(each);
        await simulation.settle();
      }),
      { numRuns: Math.ceil(60 * scale) },
    );
  });
}
