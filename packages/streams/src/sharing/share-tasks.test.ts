/** Sharing of tasks over generations of a group: members come and go, and copy what they are told to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Shares, type SharingMember, shareTasks } from './share-tasks.ts';
import type { SharedTask } from './shared-task.ts';

const rules = { standbys: 1, acceptableLag: 10, warmupsMax: 2 };
const end = 1_000;

function tasksOf(stateful: number, stateless = 0): SharedTask[] {
  return Array.from({ length: stateful + stateless }, (_, partition) => ({
    id: `0_${partition}`,
    partitions: [{ topic: 'a', partition }],
    isStateful: partition < stateful,
  }));
}

function member(memberId: string, positions: Record<string, number> = {}): SharingMember {
  const report = { positions: new Map(Object.entries(positions)), server: undefined, asks: 0 };
  return { memberId, owned: [], generation: -1, report };
}

/** The members after a generation: they run what they got, and have copied what they were told to. */
function after(members: readonly SharingMember[], shares: Shares, generation: number): SharingMember[] {
  return members.map(({ memberId, report }) => {
    const active = shares.active.get(memberId) ?? [];
    const positions = new Map(report.positions);
    for (const { id, isStateful } of active) if (isStateful) positions.set(id, end);
    for (const id of shares.standbys.get(memberId) ?? []) positions.set(id, end);
    const owned = active.flatMap(({ partitions }) => partitions);
    return { memberId, owned, generation, report: { ...report, positions } };
  });
}

interface Settled {
  readonly members: SharingMember[];
  readonly shares: Shares;
}

/** Shares until nothing moves any more; `look` sees each generation. */
function settle(
  given: readonly SharingMember[],
  tasks: readonly SharedTask[],
  wanted = rules,
  look: (members: readonly SharingMember[], shares: Shares) => void = () => undefined,
): Settled {
  let members = [...given];
  const from = Math.max(-1, ...given.map(({ generation }) => generation)) + 1;
  let before = '';
  for (let generation = from; generation < from + 100; generation++) {
    const shares = shareTasks(members, tasks, wanted);
    look(members, shares);
    members = after(members, shares, generation);
    const text = JSON.stringify([...shares.active, ...shares.standbys, ...shares.warming]);
    if (text === before) return { members, shares };
    before = text;
  }
  throw new Error('tasks move for ever');
}

function runnerOf({ active }: Shares, id: string): string[] {
  return [...active].flatMap(([memberId, tasks]) => (tasks.some((task) => task.id === id) ? [memberId] : []));
}

const groups = fc.record({
  stateful: fc.integer({ min: 0, max: 12 }),
  stateless: fc.integer({ min: 0, max: 4 }),
  size: fc.integer({ min: 1, max: 5 }),
  standbys: fc.integer({ min: 0, max: 2 }),
});

test('in the end members run as many tasks as each other, and copies lie on others', () => {
  fc.assert(
    fc.property(groups, fc.boolean(), ({ stateful, stateless, size, standbys }, joins) => {
      const tasks = tasksOf(stateful, stateless);
      const wanted = { ...rules, standbys };
      const first = settle(
        Array.from({ length: size }, (_, n) => member(`m${n}`)),
        tasks,
        wanted,
      );
      const changed = joins || size === 1 ? [...first.members, member('new')] : first.members.slice(1);
      const { shares } = settle(changed, tasks, wanted);
      const loads = [...shares.active.values()].map(({ length }) => length);
      assert.ok(Math.max(...loads) - Math.min(...loads) <= 1, `loads ${loads}`);
      assert.deepEqual([...shares.warming.values()].flat(), []);
      for (const { id, isStateful } of tasks) {
        const [runner, ...others] = runnerOf(shares, id);
        assert.ok(runner !== undefined && others.length === 0);
        const copies = [...shares.standbys].flatMap(([memberId, ids]) => (ids.includes(id) ? [memberId] : []));
        assert.ok(!copies.includes(runner));
        assert.equal(copies.length, isStateful ? Math.min(standbys, changed.length - 1) : 0);
      }
    }),
  );
});

test('a task with state goes to nobody whose copy is further behind than allowed, and warms up there first', () => {
  fc.assert(
    fc.property(groups, ({ stateful, stateless, size, standbys }) => {
      const tasks = tasksOf(stateful, stateless);
      const wanted = { ...rules, standbys };
      const first = settle(
        Array.from({ length: size }, (_, n) => member(`m${n}`)),
        tasks,
        wanted,
      );
      settle([...first.members, member('a-new')], tasks, wanted, (members, shares) => {
        for (const { memberId, report } of members) {
          const moved = shares.active.get(memberId)?.filter(({ isStateful }) => isStateful) ?? [];
          for (const { id } of moved) assert.ok(end - (report.positions.get(id) ?? 0) <= 10, `${memberId} got ${id}`);
          assert.ok((shares.warming.get(memberId)?.length ?? 0) <= Math.max(2, stateful * standbys));
        }
      });
    }),
  );
});

test('what moves is in nobody’s assignment for one generation, and what stays is never given up', () => {
  const tasks = tasksOf(4);
  const first = settle([member('a'), member('b')], tasks);
  const seen: string[][] = [];
  const { shares } = settle([...first.members, member('c')], tasks, rules, (_, { active }) => {
    seen.push(tasks.map(({ id }) => runnerOf({ active } as Shares, id)[0] ?? '-'));
  });
  const moved = tasks.filter((_, place) => seen.some((each) => each[place] === 'c'));
  assert.equal(moved.length, 1);
  for (const [place, { id }] of tasks.entries()) {
    const owners = seen.map((each) => each[place]);
    const changes = owners.filter((owner, at) => at > 0 && owner !== owners[at - 1]);
    assert.deepEqual(changes, runnerOf(shares, id)[0] === 'c' ? ['-', 'c'] : []);
  }
});

test('after a death each task goes on where its copy is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 2, max: 5 }), (stateful, size) => {
      const tasks = tasksOf(stateful);
      const first = settle(
        Array.from({ length: size }, (_, n) => member(`m${n}`)),
        tasks,
      );
      const [dead, ...alive] = first.members;
      const { active } = shareTasks(alive, tasks, rules);
      for (const { id } of tasks.filter((task) => runnerOf(first.shares, task.id)[0] === dead?.memberId)) {
        const heir = runnerOf({ active } as Shares, id)[0] as string;
        assert.ok(first.shares.standbys.get(heir)?.includes(id), `${id} went to ${heir}`);
      }
    }),
  );
});

function claiming(memberId: string, generation: number, claimed: readonly SharedTask[]): SharingMember {
  return { ...member(memberId), generation, owned: claimed.flatMap(({ partitions }) => partitions) };
}

test('what a member has that missed a generation goes to nobody before it was given up', () => {
  const tasks = tasksOf(0, 4);
  const { active } = shareTasks([claiming('new', 5, []), claiming('old', 4, tasks)], tasks, rules);
  assert.deepEqual([active.get('new'), active.get('old')], [[], tasks.slice(0, 2)]);
});

test('of two that claim a task the one of the later generation has it, and of the same generation neither', () => {
  const tasks = tasksOf(0, 4);
  const late = shareTasks([claiming('new', 5, tasks.slice(0, 2)), claiming('old', 4, tasks)], tasks, rules).active;
  assert.deepEqual([late.get('new'), late.get('old')], [tasks.slice(0, 2), tasks.slice(2)]);
  const both = shareTasks([claiming('x', 5, tasks), claiming('y', 5, tasks)], tasks, rules).active;
  assert.deepEqual([both.get('x'), both.get('y')], [[], []]);
});
