/** How many heartbeats pass before members know what they should own: each that is not needed costs clients seconds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConsumerClient } from '../../testing/consumer-client.ts';
import { GroupFixture } from '../../testing/group-fixture.ts';

for (const [how, options] of [
  ['by name', { topicNames: ['orders'] }],
  ['by a pattern', { topicNames: [], pattern: 'ord.*' }],
] as const) {
  test(`a lone member that subscribes ${how} is told its partitions in its first answer`, async () => {
    const fixture = await GroupFixture.start();
    const lone = new ConsumerClient('lone', options);
    await lone.beat(fixture);
    assert.equal(lone.owned.size, 4);
  });
}

test('one that comes when another has left gets all at once', async () => {
  const fixture = await GroupFixture.start();
  const [first, second] = [new ConsumerClient('first'), new ConsumerClient('second')];
  await first.beat(fixture);
  await first.depart(fixture);
  await second.beat(fixture);
  assert.equal(second.owned.size, 4);
});

test('a second member has its partitions after one heartbeat of the first, its word, and one of its own', async () => {
  const fixture = await GroupFixture.start();
  const [first, second] = [new ConsumerClient('first'), new ConsumerClient('second')];
  await first.beat(fixture);
  await second.beat(fixture);
  await first.beat(fixture);
  first.giveUp();
  assert.equal(first.owned.size, 2);
  await first.beat(fixture);
  await second.beat(fixture);
  assert.equal(second.owned.size, 2);
});

test('a member is told of a topic that came, and of partitions that were added, in its next answer', async () => {
  const fixture = await GroupFixture.start();
  const member = new ConsumerClient('member', { topicNames: ['orders', 'late'] });
  await member.beat(fixture);
  assert.equal(member.owned.size, 4);
  const late = await fixture.topics.create('late', [[1]], new Map());
  await member.beat(fixture);
  assert.equal(member.owned.size, 5);
  await fixture.topics.grow(late, [[1], [1]]);
  await member.beat(fixture);
  assert.equal(member.owned.size, 7);
});
