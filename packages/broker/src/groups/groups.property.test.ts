/**
 * Random clients against one group: they join, sync, send heartbeats, commit, leave, forget who they are, fall silent;
 * writes fail, the process is killed. After every step:
 *
 * - generations that members are told of never go back, and never behind one that was completed, if the process was
 *   killed;
 * - all assignments of a generation were handed in by one leader, and members hold those of one generation only;
 * - no join or sync is parked for longer than the longest rebalance timeout;
 * - a group that is stable for longer than that consists of members that synced;
 * - the offset that was acknowledged last is the one that is read.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes } from '@millrace/wire';
import fc from 'fast-check';
import { GroupFixture, type TestMember } from '../testing/group-fixture.ts';
import { settle } from '../testing/manual-platform.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const rebalanceTimeoutMax = 10_000;
/** What each simulated client is like; those with an instance id are static. */
const clientFacts = [
  { rebalanceTimeoutMs: 10_000, sessionTimeoutMs: 6_000 },
  { rebalanceTimeoutMs: 5_000, sessionTimeoutMs: 12_000 },
  { rebalanceTimeoutMs: 10_000, sessionTimeoutMs: 30_000, version: 3 },
  { rebalanceTimeoutMs: 8_000, sessionTimeoutMs: 8_000, instanceId: 'static-1' },
  { rebalanceTimeoutMs: 10_000, sessionTimeoutMs: 20_000, instanceId: 'static-2', version: 8 },
] as const;

const client = fc.integer({ min: 0, max: clientFacts.length - 1 });
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('join' as const), client }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('sync' as const), client }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('heartbeat' as const), client }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('commit' as const), client }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), client }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('forget' as const), client }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('change' as const), client }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 9_000 }) }) },
  // Steps of everybody, without which stable groups of several members are rare.
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('all-join' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('all-sync' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('all-heartbeat' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail-write' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Clients of one life of the process, and what they saw over all lives. */
class Simulation {
  readonly #configuration: Record<string, string>;
  #fixture!: GroupFixture;
  #members: TestMember[] = [];
  /** When requests were parked, by client and kind. */
  readonly #parked = new Map<string, number>();
  #generation = 0;
  /** The latest generation of which an assignment was handed out, and the leader that made it. */
  #completed = { generation: 0, leader: '' };
  #violation: unknown;
  /** When the latest generation was first told to a member. */
  #beganAt = 0;
  #synced = new Set<string>();
  #wasRestored = false;
  #offset = -1;
  /** States that the group was in after a step. */
  readonly seen = new Set<string>();
  #changes = 0;

  constructor(initialDelayMs: number) {
    this.#configuration = { 'group.initial.rebalance.delay.ms': String(initialDelayMs) };
  }

  async start(): Promise<void> {
    this.#adopt(await GroupFixture.start({ configuration: this.#configuration }));
  }

  async run(step: Step): Promise<void> {
    switch (step.kind) {
      case 'join':
        this.#join(step.client);
        break;
      case 'sync':
        this.#sync(step.client);
        break;
      case 'heartbeat':
        this.#heartbeat(this.#member(step.client));
        break;
      case 'all-join':
        for (const client of clientFacts.keys()) this.#join(client);
        break;
      case 'all-sync':
        for (const client of clientFacts.keys()) this.#sync(client);
        break;
      case 'all-heartbeat':
        for (const member of this.#members) this.#heartbeat(member);
        break;
      case 'commit':
        await this.#commit(this.#member(step.client));
        break;
      case 'leave':
        void this.#member(step.client).leave();
        break;
      case 'forget':
        this.#member(step.client).id = '';
        break;
      case 'change':
        this.#changes += 1;
        this.#member(step.client).options = {
          ...this.#member(step.client).options,
          protocols: { range: `change ${this.#changes}` },
        };
        break;
      case 'pass':
        await this.#pass(step.ms);
        break;
      case 'fail-write':
        this.#fixture.platform.disk.failing.push('write');
        break;
      case 'kill':
        await this.#kill();
        break;
    }
    await settle();
    if (this.#violation !== undefined) throw this.#violation;
    await this.#check();
  }

  /** In small parts, so that what is parked too long is seen. */
  async #pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 500) {
      await this.#fixture.platform.pass(Math.min(left, 500));
      this.#checkParked();
    }
  }

  #member(client: number): TestMember {
    return this.#members[client] as TestMember;
  }

  get #now(): number {
    return this.#fixture.platform.clock.monotonic();
  }

  #adopt(fixture: GroupFixture): void {
    const before = this.#members;
    this.#fixture = fixture;
    this.#members = clientFacts.map((facts, index) => {
      const member = fixture.member(facts);
      const { id = '', generation = -1, joined } = before[index] ?? {};
      return Object.assign(member, { id, generation, joined });
    });
    this.#parked.clear();
  }

  async #kill(): Promise<void> {
    this.#fixture.platform.disk.failing.length = 0;
    this.#adopt(await this.#fixture.restart());
    this.#wasRestored = true;
    this.#generation = this.#completed.generation;
  }

  /** Answers that come after the process was killed are never seen. */
  #park<T>(client: number, kind: 'join' | 'sync', request: Promise<T>, seen: (answer: T) => void): void {
    const key = `${kind} of client ${client}`;
    const fixture = this.#fixture;
    this.#parked.set(key, this.#now);
    void request.then((answer) => {
      if (fixture !== this.#fixture) return;
      this.#parked.delete(key);
      try {
        seen(answer);
      } catch (error) {
        this.#violation ??= error;
      }
    });
  }

  #join(client: number): void {
    if (this.#parked.has(`join of client ${client}`)) return;
    const member = this.#member(client);
    const before = member.id;
    this.#park(client, 'join', member.join(), (answer) => {
      if (answer.errorCode !== errorCodes.NONE) {
        member.id = '';
        return;
      }
      const generation = answer.generationId ?? -1;
      assert.ok(generation >= this.#generation, `told of generation ${generation} after ${this.#generation}`);
      if (generation === this.#generation) {
        // The place of a static member was taken over, with what had been synced.
        if (before !== answer.memberId && member.options.instanceId !== null) this.#synced.add(answer.memberId);
        return;
      }
      this.#generation = generation;
      this.#beganAt = this.#now;
      this.#synced = new Set();
      this.#wasRestored = false;
    });
  }

  #sync(client: number): void {
    const member = this.#member(client);
    if (this.#parked.has(`sync of client ${client}`) || member.id === '') return;
    const { generation, id } = member;
    this.#park(client, 'sync', member.sync(this.#members.filter((other) => other.id !== '')), (answer) => {
      if (answer.errorCode !== errorCodes.NONE) return;
      this.#noteAssignment(generation, Buffer.from(answer.assignment).toString());
      this.#synced.add(id);
    });
    this.#synced.add(id);
  }

  #noteAssignment(generation: number, text: string): void {
    assert.ok(
      generation >= this.#completed.generation,
      `an assignment of ${generation} after ${this.#completed.generation}`,
    );
    if (text === '') return;
    const [, assigned, leader = ''] = /^.* in (\d+) by (.*)$/.exec(text) ?? [];
    assert.equal(assigned, String(generation));
    if (generation === this.#completed.generation) assert.equal(leader, this.#completed.leader);
    this.#completed = { generation, leader };
  }

  #heartbeat(member: TestMember): void {
    const error = member.heartbeat();
    if (error === 'NONE' && !this.#wasRestored) assert.equal(member.generation, this.#generation);
  }

  async #commit(member: TestMember): Promise<void> {
    const offset = this.#offset + 1;
    const [error] = await member.commit({ orders: { 0: offset } });
    if (error === 'NONE') this.#offset = offset;
  }

  async #check(): Promise<void> {
    const { groupState, members } = this.#fixture.describe('g');
    this.seen.add(groupState);
    const generations = members
      .map(({ memberAssignment }) => Buffer.from(memberAssignment).toString())
      .filter((text) => text !== '')
      .map((text) => text.replace(/^.* in /, ''));
    assert.ok(new Set(generations).size <= 1, `assignments of generations ${generations.join()}`);
    const isSettled = groupState === 'Stable' && this.#now > this.#beganAt + rebalanceTimeoutMax;
    if (isSettled && !this.#wasRestored) {
      for (const { memberId } of members) assert.ok(this.#synced.has(memberId), `${memberId} never synced`);
    }
    const offsets = await this.#fixture.offsets('g');
    assert.equal(offsets['orders-0'] ?? -1, this.#offset);
  }

  #checkParked(): void {
    for (const [key, since] of this.#parked) {
      assert.ok(this.#now - since <= rebalanceTimeoutMax, `${key} is parked for ${this.#now - since} ms`);
    }
  }
}

test('property: whatever members do, generations, assignments and offsets hold together', async () => {
  const run = fc.record({
    initialDelayMs: fc.constantFrom(0, 3_000),
    steps: fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }),
  });
  const reached = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(run, async ({ initialDelayMs, steps }) => {
      const simulation = new Simulation(initialDelayMs);
      await simulation.start();
      for (const one of steps) await simulation.run(one);
      for (const state of simulation.seen) reached.set(state, (reached.get(state) ?? 0) + 1);
    }),
    { numRuns: Math.ceil(400 * scale) },
  );
  for (const state of ['Empty', 'PreparingRebalance', 'CompletingRebalance', 'Stable']) {
    assert.ok((reached.get(state) ?? 0) > 0, `no run reached the state ${state}`);
  }
});
