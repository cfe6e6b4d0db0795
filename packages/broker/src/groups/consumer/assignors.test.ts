import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Assignment, noPartitions, partitionsOf, rowsOf, sizeOf } from './assignment.ts';
import { type Assignor, assignors, type Subscriber } from './assignor.ts';
import { rangeAssignor } from './range-assignor.ts';
import { uniformAssignor } from './uniform-assignor.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);

interface Given {
  readonly counts: ReadonlyMap<string, number>;
  readonly subscriptions: readonly (readonly string[])[];
}

const topicIds = ['t1', 't2', 't3', 't4'];
const given: fc.Arbitrary<Given> = fc.record({
  counts: fc
    .array(fc.nat({ max: 9 }), { minLength: 4, maxLength: 4 })
    .map((sizes) => new Map(topicIds.map((id, index) => [id, sizes[index] ?? 0]))),
  subscriptions: fc.array(fc.subarray(topicIds), { minLength: 1, maxLength: 7 }),
});

function subscribers(subscriptions: Given['subscriptions'], targets = new Map<string, Assignment>()): Subscriber[] {
  return subscriptions.map((ids, index) => {
    const id = `member-${index}`;
    return { id, instanceId: null, topicIds: ids, target: targets.get(id) ?? noPartitions };
  });
}

/** Every partition of a subscribed topic has one owner, which subscribes to it; nothing else is assigned. */
function checkComplete(given: Given, targets: ReadonlyMap<string, Assignment>): void {
  const owners = new Map<string, number>();
  for (const [id, target] of targets) {
    const own = given.subscriptions[Number(id.split('-')[1])] ?? [];
    for (const [topicId, partition] of partitionsOf(target)) {
      assert(own.includes(topicId), `${id} does not subscribe to ${topicId}`);
      owners.set(`${topicId}:${partition}`, (owners.get(`${topicId}:${partition}`) ?? 0) + 1);
    }
  }
  const expected = new Set<string>();
  for (const topicId of new Set(given.subscriptions.flat())) {
    for (let partition = 0; partition < (given.counts.get(topicId) ?? 0); partition++) {
      expected.add(`${topicId}:${partition}`);
    }
  }
  assert.deepEqual(new Set(owners.keys()), expected);
  for (const [key, count] of owners) assert.equal(count, 1, key);
}

const plain = (targets: ReadonlyMap<string, Assignment>) => [...targets].map(([id, each]) => [id, rowsOf(each)]).sort();

for (const [name, assignor] of assignors) {
  test(`${name} assigns every partition once, to a subscriber, whatever the order of members`, () => {
    fc.assert(
      fc.property(given, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (input, random) => {
        const members = subscribers(input.subscriptions);
        const targets = assignor(members, input.counts);
        assert.equal(targets.size, members.length);
        checkComplete(input, targets);
        const shuffled = members.map((member) => ({ member, at: random.next().value })).sort((a, b) => a.at - b.at);
        assert.deepEqual(
          plain(
            assignor(
              shuffled.map(({ member }) => member),
              input.counts,
            ),
          ),
          plain(targets),
        );
      }),
      { numRuns: Math.ceil(300 * scale) },
    );
  });
}

test('uniform leaves no partition that could move to an emptier subscriber for more balance', () => {
  fc.assert(
    fc.property(given, given, (before, after) => {
      const first = uniformAssignor(subscribers(before.subscriptions), before.counts);
      const targets = uniformAssignor(subscribers(after.subscriptions, first), after.counts);
      checkComplete(after, targets);
      for (const [id, target] of targets) {
        for (const topicId of target.keys()) {
          for (const [otherId, other] of targets) {
            const own = after.subscriptions[Number(otherId.split('-')[1])] ?? [];
            if (!own.includes(topicId)) continue;
            assert(sizeOf(target) - sizeOf(other) <= 1, `${id} has ${sizeOf(target)}, ${otherId} ${sizeOf(other)}`);
          }
        }
      }
    }),
    { numRuns: Math.ceil(300 * scale) },
  );
});

test('uniform moves no more partitions than a new balance needs, where all subscribe alike', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      (partitions, before, after) => {
        const counts = new Map([['t1', partitions]]);
        const members = (count: number, targets?: Map<string, Assignment>) =>
          subscribers(
            Array.from({ length: count }, () => ['t1']),
            targets,
          );
        const first = uniformAssignor(members(before), counts);
        const second = uniformAssignor(members(after, first), counts);
        let kept = 0;
        for (const [id, target] of second) {
          for (const partition of target.get('t1') ?? []) if (first.get(id)?.get('t1')?.has(partition)) kept += 1;
        }
        const sizes = [...second.values()].map(sizeOf);
        // Who stays can keep as much as it had, as far as its share reaches.
        let most = 0;
        const least = Math.floor(partitions / after);
        let extra = partitions % after;
        for (const [id, target] of first) {
          if (!second.has(id)) continue;
          const takesExtra = sizeOf(target) > least && extra > 0;
          if (takesExtra) extra -= 1;
          most += Math.min(sizeOf(target), takesExtra ? least + 1 : least);
        }
        assert.equal(kept, most, `${sizes}`);
      },
    ),
    { numRuns: Math.ceil(300 * scale) },
  );
});

test('range gives each member partitions that follow each other, the same of topics that are alike', () => {
  const alike = new Map([
    ['t1', 7],
    ['t2', 7],
  ]);
  const targets = rangeAssignor(
    subscribers([
      ['t1', 't2'],
      ['t1', 't2'],
      ['t1', 't2'],
    ]),
    alike,
  );
  const numbers = [...targets.values()].map((target) => rowsOf(target).map(([, partitions]) => partitions));
  assert.deepEqual(numbers, [
    [
      [0, 1, 2],
      [0, 1, 2],
    ],
    [
      [3, 4],
      [3, 4],
    ],
    [
      [5, 6],
      [5, 6],
    ],
  ]);
});

test('range orders static members by their instances, before others', () => {
  const members: Subscriber[] = [
    { id: 'a', instanceId: null, topicIds: ['t1'], target: noPartitions },
    { id: 'b', instanceId: 'second', topicIds: ['t1'], target: noPartitions },
    { id: 'c', instanceId: 'first', topicIds: ['t1'], target: noPartitions },
  ];
  const targets = rangeAssignor(members, new Map([['t1', 3]]));
  assert.deepEqual(
    ['c', 'b', 'a'].map((id) => rowsOf(targets.get(id) ?? noPartitions)),
    [[['t1', [0]]], [['t1', [1]]], [['t1', [2]]]],
  );
});

test('uniform handles 1,000 members of 10,000 partitions, alike or not', () => {
  const counts = new Map(topicIds.map((id) => [id, 2_500]));
  for (const subscriptions of [
    Array.from({ length: 1_000 }, () => topicIds),
    Array.from({ length: 1_000 }, (_, index) => topicIds.slice(0, 1 + (index % 4))),
  ]) {
    const first = assignTwice(uniformAssignor, subscriptions, counts);
    checkComplete({ counts, subscriptions }, first);
  }
});

function assignTwice(
  assignor: Assignor,
  subscriptions: Given['subscriptions'],
  counts: ReadonlyMap<string, number>,
): Map<string, Assignment> {
  const fewer = assignor(subscribers(subscriptions.slice(1)), counts);
  return assignor(subscribers(subscriptions, fewer), counts);
}
