/**
 * Transactions against a model. Several producers, some of which share a transactional id, write to several partitions
 * and commit offsets; they commit, abort, fence each other, take too long, find the disk full, and the broker is killed
 * or restarted under them, also with requests under way and in the middle of a write. The model notes what each was
 * answered. Whenever all is quiet:
 *
 * - of a transaction whose commit was acknowledged all acknowledged records below the last stable offsets are read by
 *   readers of committed records, of one that never was asked to be committed none, of any other all or none, over all
 *   partitions and offsets;
 * - they are read in the order in which they lie in the log, and nothing else is;
 * - the last stable offset never goes back, lies before no record of an open transaction, and at the high watermark
 *   when no transaction is open.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Randomness, seededRandomness } from '@millrace/base';
import fc from 'fast-check';
import { DirectCluster } from '../testing/direct-cluster.ts';
import { orKilled, settle } from '../testing/manual-platform.ts';
import { latestOffset, makeTopic, offsetOf, readRecords, TransactionalPeer } from '../testing/transactional-peer.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const partitions = [0, 1, 2];
const ids = ['a', 'b', 'c'];
const steps = 60;
const timeoutMs = 3000;
/** Answers after which a commit can't have happened, nor will. */
const refusals = ['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH', 'INVALID_TXN_STATE', 'INVALID_PRODUCER_ID_MAPPING'];

interface ModelTransaction {
  readonly acknowledged: { readonly value: string; readonly partition: number }[];
  offset: number | undefined;
  commit: 'never sent' | 'sent' | 'acknowledged' | 'refused';
}

/** A producer and the transaction that it is at. */
class Actor {
  readonly id: string;
  readonly peer: TransactionalPeer;
  transaction: ModelTransaction | undefined;
  /** Something was not answered: it can only end the transaction, in this way. */
  mustEnd: 'commit' | 'abort' | undefined;
  busy = false;
  ready = false;

  constructor(id: string, peer: TransactionalPeer) {
    this.id = id;
    this.peer = peer;
  }
}

class ModelRun {
  readonly #random: Randomness;
  readonly #transactions: ModelTransaction[] = [];
  readonly #byId = new Map<string, ModelTransaction[]>(ids.map((id) => [id, []]));
  readonly #stable = new Map<number, number>();
  #direct: DirectCluster;
  #actors: Actor[] = [];
  #killed = Promise.withResolvers<'killed'>();
  #count = 0;

  private constructor(random: Randomness, direct: DirectCluster) {
    this.#random = random;
    this.#direct = direct;
  }

  static async start(seed: number): Promise<ModelRun> {
    const random = seededRandomness(seed);
    const configuration = {
      'transaction.abort.timed.out.transaction.cleanup.interval.ms': '200',
      'log.segment.bytes': '600',
    };
    const direct = await DirectCluster.start({ configuration, tailBytesMax: random.integer(2) * 2000 });
    await makeTopic(direct, 'orders', partitions.length);
    return new ModelRun(random, direct);
  }

  async run(): Promise<void> {
    for (let step = 0; step < steps; step++) await this.#step();
    await this.#end();
  }

  async #step(): Promise<void> {
    const { disk } = this.#direct.platform;
    const isAlive = await orKilled(
      this.#work().then(() => true),
      disk,
    );
    if (!isAlive || disk.killed) await this.#revive();
  }

  async #work(): Promise<void> {
    const { platform } = this.#direct;
    const working = Array.from({ length: 1 + this.#random.integer(3) }, () => this.#act());
    const what = this.#random.integer(20);
    if (what === 0) {
      for (let turns = this.#random.integer(30); turns > 0; turns--) await (turns % 7 === 0 ? settle() : undefined);
      return platform.disk.kill();
    }
    if (what === 1) platform.disk.failing.push('write');
    await Promise.all(working);
    if (platform.disk.killed) return;
    if (what === 2) this.#direct = await this.#direct.afterClose();
    else if (what < 7) await platform.pass(this.#random.integer(1500));
    if (what > 12) await this.#check();
  }

  /** Lets one producer do something. */
  #act(): Promise<void> {
    const idle = this.#actors.filter(({ busy }) => !busy);
    const actor = idle[this.#random.integer(idle.length + 1)];
    if (actor === undefined || (!actor.ready && this.#random.integer(4) === 0)) return this.#join();
    return this.#alone(actor, () => this.#actAs(actor));
  }

  #join(): Promise<void> {
    const id = this.#pick(ids);
    const version = this.#random.integer(2) === 0 ? 1 : 2;
    const forward = { request: (...request: Parameters<DirectCluster['request']>) => this.#direct.request(...request) };
    const peer = new TransactionalPeer(forward as DirectCluster, { id, version, timeoutMs });
    const actor = new Actor(id, peer);
    this.#actors = [...this.#actors.slice(-5), actor];
    return this.#alone(actor, () => this.#init(actor));
  }

  async #alone(actor: Actor, work: () => Promise<void>): Promise<void> {
    actor.busy = true;
    await work();
    actor.busy = false;
  }

  async #init(actor: Actor): Promise<void> {
    actor.ready = (await this.#answer(actor.peer.init())) === 'NONE';
  }

  async #actAs(actor: Actor): Promise<void> {
    if (!actor.ready) return this.#init(actor);
    if (actor.mustEnd !== undefined) return this.#finish(actor, actor.mustEnd === 'commit');
    const what = this.#random.integer(10);
    if (what < 5) return this.#send(actor);
    if (what < 6) return this.#sendOffset(actor);
    return this.#finish(actor, what < 9);
  }

  async #send(actor: Actor): Promise<void> {
    const partition = this.#pick(partitions);
    const values = Array.from({ length: 1 + this.#random.integer(2) }, () => `${actor.id}${this.#count++}`);
    const transaction = this.#begun(actor);
    const answer = await this.#answer(actor.peer.send('orders', values, partition));
    if (answer === 'NONE') for (const value of values) transaction.acknowledged.push({ value, partition });
    else actor.mustEnd = 'abort';
  }

  async #sendOffset(actor: Actor): Promise<void> {
    const transaction = this.#begun(actor);
    const offset = this.#count++;
    const answer = await this.#answer(actor.peer.sendOffset(`group-${actor.id}`, 'orders', offset));
    if (answer === 'NONE') transaction.offset = offset;
    else actor.mustEnd = 'abort';
  }

  #begun(actor: Actor): ModelTransaction {
    if (actor.transaction === undefined) {
      actor.transaction = { acknowledged: [], offset: undefined, commit: 'never sent' };
      this.#transactions.push(actor.transaction);
      this.#byId.get(actor.id)?.push(actor.transaction);
    }
    return actor.transaction;
  }

  async #finish(actor: Actor, commit: boolean): Promise<void> {
    const { transaction } = actor;
    if (transaction === undefined) return;
    const isFirst = transaction.commit === 'never sent';
    if (commit && isFirst) transaction.commit = 'sent';
    actor.mustEnd = commit ? 'commit' : 'abort';
    const answer = await this.#answer(actor.peer.end(commit));
    if (commit && answer === 'NONE') transaction.commit = 'acknowledged';
    if (commit && isFirst && refusals.includes(answer)) transaction.commit = 'refused';
    if (answer !== 'NONE' && !refusals.includes(answer)) return;
    actor.transaction = undefined;
    actor.mustEnd = undefined;
    // One that was refused learns that it was fenced, and comes back as a new producer.
    if (answer !== 'NONE') actor.ready = false;
  }

  #answer(asking: Promise<string>): Promise<string> {
    return Promise.race([asking, this.#killed.promise]);
  }

  /** Starts what the process left; that may be killed too, in the middle of a write. */
  async #revive(): Promise<void> {
    this.#killed.resolve('killed');
    await settle();
    const budget = this.#random.integer(3) === 0 ? Number.POSITIVE_INFINITY : this.#random.integer(20_000);
    this.#direct = await this.#direct.afterKill(budget);
    this.#killed = Promise.withResolvers();
  }

  /** New producers take over all ids, so that nothing stays open. */
  async #end(): Promise<void> {
    this.#killed.resolve('killed');
    await settle();
    this.#direct = await this.#direct.afterKill();
    for (const id of ids) {
      const peer = new TransactionalPeer(this.#direct, { id, timeoutMs });
      for (let error = ''; error !== 'NONE'; error = await peer.init()) await this.#direct.platform.pass(500);
    }
    this.#actors = [];
    await this.#check();
    for (const partition of partitions) {
      const end = await latestOffset(this.#direct, 'orders', false, partition);
      assert.equal(await latestOffset(this.#direct, 'orders', true, partition), end);
    }
  }

  async #check(): Promise<void> {
    // What a full disk kept from its end is tried again by then.
    await this.#direct.platform.pass(400);
    if (this.#direct.platform.disk.killed) return;
    const lists = await Promise.all(partitions.map((partition) => this.#checkPartition(partition)));
    const visible = new Set(lists.flatMap(({ committed }) => committed));
    const stable = new Set(lists.flatMap((list) => list.stable));
    for (const transaction of this.#transactions) {
      const { acknowledged, commit } = transaction;
      const decided = acknowledged.map(({ value }) => value).filter((value) => stable.has(value));
      const seen = decided.filter((value) => visible.has(value)).length;
      const names = decided.join();
      assert.ok(seen === 0 || seen === decided.length, `${names}: ${seen} of a transaction are there`);
      if (commit === 'acknowledged') assert.equal(seen, decided.length, `${names} was committed`);
      if (commit === 'never sent' || commit === 'refused') assert.equal(seen, 0, `${names} was not committed`);
    }
    for (const id of ids) await this.#checkOffset(id, visible, stable);
  }

  async #checkPartition(partition: number) {
    const all = await readRecords(this.#direct, 'orders', { partition, committed: false });
    const committed = await readRecords(this.#direct, 'orders', { partition });
    assert.equal(new Set(all.map(({ value }) => value)).size, all.length, 'no record is there twice');
    const offsets = new Set(committed.map(({ offset }) => offset));
    assert.deepEqual(
      committed,
      all.filter(({ offset }) => offsets.has(offset)),
    );
    const stable = await latestOffset(this.#direct, 'orders', true, partition);
    assert.ok(stable >= (this.#stable.get(partition) ?? 0), 'the last stable offset never goes back');
    this.#stable.set(partition, stable);
    const { transactions } = this.#direct.cluster;
    const open = [...transactions.all()].filter(({ isOpen, isEnding }) => isOpen || isEnding);
    if (open.length === 0) assert.equal(stable, await latestOffset(this.#direct, 'orders', false, partition));
    for (const { id, peer, transaction } of this.#actors) {
      const facts = transactions.get(id)?.facts;
      if (facts?.state !== 'Ongoing' || facts.producerId !== peer.producerId || facts.epoch !== peer.epoch) continue;
      const [first] = transaction?.acknowledged.filter((record) => record.partition === partition) ?? [];
      const offset = all.find(({ value }) => value === first?.value)?.offset;
      if (offset !== undefined) assert.ok(stable <= offset, `the transaction of ${id} is open from ${offset} on`);
    }
    return {
      committed: committed.map(({ value }) => value),
      stable: all.filter(({ offset }) => offset < stable).map(({ value }) => value),
    };
  }

  /** A group has the offset of the last transaction of its producers that was committed. */
  async #checkOffset(id: string, visible: ReadonlySet<string>, stable: ReadonlySet<string>): Promise<void> {
    const expected = new Set([-1]);
    for (const { acknowledged, offset, commit } of this.#byId.get(id) ?? []) {
      if (offset === undefined) continue;
      const isVisible = acknowledged.some(({ value }) => visible.has(value));
      if (commit === 'acknowledged' || isVisible) expected.clear();
      // Of one that left no record that can be read already it is not known.
      const isOpen = !acknowledged.some(({ value }) => stable.has(value));
      if (commit === 'acknowledged' || isVisible || (commit === 'sent' && isOpen)) expected.add(offset);
    }
    const found = await offsetOf(this.#direct, `group-${id}`, 'orders');
    assert.ok(expected.has(found as number), `group-${id} has ${found} and not ${[...expected].join(' or ')}`);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.integer(from.length)] as T;
  }
}

test('readers of committed records see exactly what was committed, whatever happens', async () => {
  const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => (await ModelRun.start(seed)).run()),
    { numRuns: Math.ceil(60 * scale), endOnFailure: true },
  );
});
