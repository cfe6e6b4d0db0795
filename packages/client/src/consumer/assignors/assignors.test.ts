import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TopicPartition } from '../../topic.ts';
import type { Assignor, AssignorMember, GroupAssignment } from './assignor.ts';
import { assignors } from './index.ts';

const topicNames = ['a', 'b', 'c'];
const counts = fc
  .record({ a: fc.nat(12), b: fc.nat(12), c: fc.nat(3) })
  .map((record) => new Map(Object.entries(record)));
const subscriptions = fc.array(fc.subarray(topicNames, { minLength: 1 }), { minLength: 1, maxLength: 7 });
const alike = fc.integer({ min: 1, max: 7 }).map((size) => Array.from({ length: size }, () => topicNames));

function newMembers(topics: readonly (readonly string[])[]): AssignorMember[] {
  return topics.map((list, index) => ({
    memberId: `member-${index}`,
    instanceId: index % 3 === 0 ? `instance-${index}` : null,
    topics: list,
    owned: [],
    generation: -1,
  }));
}

function all(assignment: GroupAssignment): string[] {
  return [...assignment.values()].flat().map(nameOf);
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic} ${partition}`;
}

/** What there is to assign: partitions of topics that someone subscribed to. */
function wanted(members: readonly AssignorMember[], partitionCounts: ReadonlyMap<string, number>): string[] {
  return [...partitionCounts]
    .filter(([topic]) => members.some(({ topics }) => topics.includes(topic)))
    .flatMap(([topic, count]) => Array.from({ length: count }, (_, partition) => nameOf({ topic, partition })));
}

function checkValid(members: readonly AssignorMember[], assignment: GroupAssignment): void {
  const given = all(assignment);
  assert.equal(new Set(given).size, given.length, 'a partition was given twice');
  for (const { memberId, topics } of members) {
    for (const { topic } of assignment.get(memberId) ?? assert.fail(`${memberId} is left out`)) {
      assert.ok(topics.includes(topic), `${memberId} got ${topic}, which it did not subscribe to`);
    }
  }
}

/** Members with what they own, after the assignor has been asked as often as it takes for nothing to move. */
function settle(
  assignor: Assignor,
  members: readonly AssignorMember[],
  partitionCounts: ReadonlyMap<string, number>,
): { members: AssignorMember[]; rounds: number } {
  let current = [...members];
  for (let round = 1; round <= 4; round++) {
    const assignment = assignor.assign(current, partitionCounts);
    checkValid(current, assignment);
    const owners = new Map(
      current.flatMap(({ memberId, owned }) => owned.map((place) => [nameOf(place), memberId] as const)),
    );
    for (const [memberId, partitions] of assignment) {
      for (const place of partitions) {
        const owner = owners.get(nameOf(place)) ?? memberId;
        assert.equal(owner, memberId, `${nameOf(place)} was given away before its owner let go of it`);
      }
    }
    const isSame = current.every(({ memberId, owned }) => owned.length === (assignment.get(memberId) ?? []).length);
    const generation = Math.max(...current.map((member) => member.generation)) + 1;
    current = current.map((member) => ({ ...member, owned: assignment.get(member.memberId) ?? [], generation }));
    if (isSame && round > 1) return { members: current, rounds: round };
  }
  return assert.fail('the assignment does not settle');
}

function loads(members: readonly AssignorMember[]): number[] {
  return members.map(({ owned }) => owned.length);
}

for (const assignor of Object.values(assignors)) {
  test(`${assignor.name} gives every partition to one subscriber`, () => {
    fc.assert(
      fc.property(subscriptions, counts, (topics, partitionCounts) => {
        const members = newMembers(topics);
        const assignment = assignor.assign(members, partitionCounts);
        checkValid(members, assignment);
        assert.deepEqual(all(assignment).sort(), wanted(members, partitionCounts).sort());
      }),
    );
  });

  test(`${assignor.name} does not depend on the order in which members are listed`, () => {
    fc.assert(
      fc.property(subscriptions, counts, (topics, partitionCounts) => {
        const members = newMembers(topics);
        const forwards = assignor.assign(members, partitionCounts);
        const backwards = assignor.assign([...members].reverse(), partitionCounts);
        for (const { memberId } of members) assert.deepEqual(forwards.get(memberId), backwards.get(memberId));
      }),
    );
  });
}

test('range cuts each topic into runs, the first members getting one more', () => {
  const members = newMembers([['a', 'b'], ['a', 'b'], ['a']]).map((member) => ({ ...member, instanceId: null }));
  const assignment = assignors.range.assign(
    members,
    new Map([
      ['a', 7],
      ['b', 3],
    ]),
  );
  assert.deepEqual(assignment.get('member-0')?.map(nameOf), ['a 0', 'a 1', 'a 2', 'b 0', 'b 1']);
  assert.deepEqual(assignment.get('member-1')?.map(nameOf), ['a 3', 'a 4', 'b 2']);
  assert.deepEqual(assignment.get('member-2')?.map(nameOf), ['a 5', 'a 6']);
});

test('roundrobin deals partitions out one by one', () => {
  const members = newMembers([
    ['a', 'b'],
    ['a', 'b'],
  ]).map((member) => ({ ...member, instanceId: null }));
  const assignment = assignors.roundrobin.assign(
    members,
    new Map([
      ['b', 2],
      ['a', 3],
    ]),
  );
  assert.deepEqual(assignment.get('member-0')?.map(nameOf), ['a 0', 'a 2', 'b 1']);
  assert.deepEqual(assignment.get('member-1')?.map(nameOf), ['a 1', 'b 0']);
});

const sticky = assignors['cooperative-sticky'];

test('cooperative-sticky spreads evenly where all subscribe to the same', () => {
  fc.assert(
    fc.property(alike, counts, (topics, partitionCounts) => {
      const { members } = settle(sticky, newMembers(topics), partitionCounts);
      assert.ok(Math.max(...loads(members)) - Math.min(...loads(members)) <= 1, loads(members).join());
    }),
  );
});

test('cooperative-sticky leaves nothing to even out where subscriptions differ', () => {
  fc.assert(
    fc.property(subscriptions, counts, (topics, partitionCounts) => {
      const { members } = settle(sticky, newMembers(topics), partitionCounts);
      for (const giver of members) {
        for (const { topic } of giver.owned) {
          for (const taker of members.filter((member) => member.topics.includes(topic))) {
            assert.ok(
              taker.owned.length + 1 >= giver.owned.length,
              `${giver.memberId} could give ${topic} to ${taker.memberId}`,
            );
          }
        }
      }
    }),
  );
});

test('cooperative-sticky moves no more than evenness takes when a member joins or leaves', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 7 }), counts, fc.boolean(), (size, partitionCounts, joins) => {
      const before = settle(
        sticky,
        newMembers(Array.from({ length: size }, () => topicNames)),
        partitionCounts,
      ).members;
      const newcomer = { memberId: 'new', instanceId: null, topics: topicNames, owned: [], generation: -1 };
      const changed = joins ? [...before, newcomer] : before.slice(1);
      const after = settle(sticky, changed, partitionCounts).members;
      const total = wanted(before, partitionCounts).length;
      let kept = 0;
      for (const member of after) {
        const owned = new Set(before.find(({ memberId }) => memberId === member.memberId)?.owned.map(nameOf));
        kept += member.owned.filter((place) => owned.has(nameOf(place))).length;
      }
      const mustMove = joins ? Math.ceil(total / (size + 1)) : (before[0]?.owned.length ?? 0);
      assert.ok(total - kept <= mustMove, `${total - kept} of ${total} moved where ${mustMove} were enough`);
      assert.ok(Math.max(...loads(after)) - Math.min(...loads(after)) <= 1);
    }),
  );
});

test('cooperative-sticky gives what two say they own to the one of the later generation, or to neither', () => {
  const owned = [0, 1, 2, 3].map((partition) => ({ topic: 'a', partition }));
  const member = (memberId: string, generation: number, claims: readonly TopicPartition[]): AssignorMember => ({
    memberId,
    instanceId: null,
    topics: ['a'],
    owned: claims,
    generation,
  });
  const late = sticky.assign([member('new', 5, owned.slice(0, 2)), member('old', 4, owned)], new Map([['a', 4]]));
  assert.deepEqual(late.get('new'), owned.slice(0, 2));
  assert.deepEqual(late.get('old'), owned.slice(2));
  const disputed = sticky.assign([member('x', 5, owned), member('y', 5, owned)], new Map([['a', 4]]));
  assert.deepEqual([disputed.get('x')?.length, disputed.get('y')?.length], [2, 2]);
  const missed = sticky.assign([member('new', 5, []), member('old', 4, owned)], new Map([['a', 4]]));
  assert.deepEqual([missed.get('new'), missed.get('old')?.length], [[], 2], 'what old has it gives up first');
});
