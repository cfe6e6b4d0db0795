/** Consumer groups of both protocols as an admin sees and changes them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unwrap } from '@millrace/client';
import { startFixture, uniqueName, until } from './client-fixture.ts';

test('a group of the classic protocol: described, its members removed, its offsets deleted', async (t) => {
  const { admin, client, createTopic } = await startFixture(t);
  const [topic, group] = [await createTopic(2), uniqueName('group')];
  await using producer = client.producer();
  await producer.send({ topic, partition: 0, value: 'x' });
  const consumer = client.consumer({ group, topics: [topic], from: 'earliest', instanceId: 'one' });
  t.after(() => Promise.allSettled([consumer.close()]));
  for await (const batch of consumer) {
    assert.equal(batch.topic, topic);
    break;
  }
  await consumer.commit([{ topic, partition: 0, offset: 1 }]);
  const [described] = unwrap(await admin.describeGroups([group], { authorizedOperations: true }));
  assert.equal(described?.type, 'classic');
  assert.equal(described.state, 'Stable');
  assert.equal(described.epoch, undefined);
  assert.deepEqual(
    described.members.map(({ instanceId, assignment }) => [instanceId, assignment.length]),
    [['one', 2]],
  );
  assert.ok(described.authorizedOperations?.includes('read'));
  const listed = await admin.listGroups({ types: ['classic'], states: ['Stable'] });
  assert.ok(listed.some((each) => each.group === group));
  assert.ok((await admin.listGroups({ types: ['consumer'] })).every((each) => each.group !== group));

  const [subscribed] = await admin.deleteOffsets(group, [{ topic, partition: 0 }]);
  assert.equal(subscribed?.error?.errorName, 'GROUP_SUBSCRIBED_TO_TOPIC');
  await consumer.close();
  const [stranger] = await admin.removeMembers(group, [{ instanceId: 'two' }]);
  assert.equal(stranger?.error?.errorName, 'UNKNOWN_MEMBER_ID');
  assert.deepEqual(await admin.removeMembers(group), [{ instanceId: 'one' }]);
  await until(async () => unwrap(await admin.describeGroups([group]))[0]?.state === 'Empty');
  assert.deepEqual(await admin.removeMembers(group), []);
  assert.deepEqual(await admin.deleteOffsets(group, [{ topic, partition: 0 }]), [{ topic, partition: 0 }]);
  assert.deepEqual(await admin.fetchOffsets(group, [{ topic, partition: 0 }]), []);
  await assert.rejects(admin.deleteOffsets(uniqueName('none'), [{ topic, partition: 0 }]), {
    errorName: 'GROUP_ID_NOT_FOUND',
  });
});
