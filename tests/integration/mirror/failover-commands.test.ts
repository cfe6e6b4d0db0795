/** Failover and failback as an operator does them, by commands. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TopicVerification } from '@millrace/mirror';
import { millrace } from '../../support/millrace-command.ts';
import { startFixture, uniqueName } from '../client/client-fixture.ts';
import { values, valuesOf, write } from './failover-fixture.ts';
import { readPartition } from './mirror-fixture.ts';

test('commands move a mirror to its target and back, under the names that its topics have there', async (t) => {
  const [source, target] = [await startFixture(t), await startFixture(t)];
  const topic = await source.createTopic(1);
  const name = uniqueName('mirror');
  const there = ['--source', source.bootstrap, '--target', target.bootstrap, '--name', name, '--prefix', 'east.'];
  const back = ['--source', target.bootstrap, '--target', source.bootstrap, '--name', `${name}.back`];
  const run = async (...words: readonly string[]) => {
    const { code, text, stderr } = await millrace(['mirror', ...words, '--json']);
    assert.equal(code, 0, stderr);
    return { last: JSON.parse(text.trim().split('\n').at(-1) ?? '') as Record<string, unknown>, stderr };
  };
  await write(source.client, topic, 0, 10);
  await run('run', ...there, '--topics', topic, '--once');
  const refused = await millrace(['mirror', 'failover', ...there, '--yes', '--json']);
  assert.equal(refused.code, 1);
  assert.equal((JSON.parse(refused.stderr.trim().split('\n').at(-1) ?? '') as Failed).error.code, 'failover_unfenced');
  const plan = await run('failover', ...there, '--dry-run');
  assert.deepEqual(plan.last['topics'], [{ topic, targetTopic: `east.${topic}`, partitions: 1 }]);
  await write(source.client, topic, 10, 20);
  await run('failover', ...there, '--unfenced', '--yes');
  await write(target.client, `east.${topic}`, 20, 30);
  await write(source.client, topic, 100, 105);
  const dry = await run('failback', ...there, '--dry-run');
  assert.deepEqual(dry.last['topics'], [{ topic, tails: [{ partition: 0, from: 20, to: 25 }], rebuilt: [] }]);
  const gone = await run('failback', ...there, '--tail', 'merge', '--once', '--yes');
  assert.deepEqual(gone.last, { ended: true, records: 15, bytes: gone.last['bytes'] });
  await run('failover', ...back, '--unfenced', '--yes');
  assert.deepEqual(
    valuesOf(await readPartition(source.client, topic, 0)),
    values([0, 20], [100, 105], [20, 30], [100, 105]),
  );
  const over = await millrace(['mirror', 'run', ...there, '--topics', topic, '--once', '--json']);
  assert.equal((JSON.parse(over.stderr.trim().split('\n').at(-1) ?? '') as Failed).error.code, 'mirror_failed_over');
  await run('failback', ...back, '--once', '--yes');
  await write(source.client, topic, 30, 40);
  await run('run', ...there, '--topics', topic, '--once');
  const { last: verified } = await run('verify', ...there);
  const [compared] = (verified['topics'] as TopicVerification[]).flatMap(({ partitions }) => partitions);
  assert.deepEqual([compared?.isEqual, compared?.compared, compared?.onlyInSource], [true, 45, 0]);
});

test('a source that is gone holds up no forced failover', async (t) => {
  const [source, target] = [await startFixture(t), await startFixture(t)];
  const topic = await source.createTopic(1);
  const words = ['--source', source.bootstrap, '--target', target.bootstrap, '--name', 'east-west'];
  await write(source.client, topic, 0, 10);
  assert.equal((await millrace(['mirror', 'run', ...words, '--topics', topic, '--once'])).code, 0);
  await source.stop();
  const { code, text, stderr } = await millrace(['mirror', 'failover', ...words, '--forced', '--yes']);
  assert.equal(code, 0, stderr);
  assert.match(text, /What is missing is not known of 1 partition\./);
  assert.match(stderr, /all before source offset 10 is on the target; where the source ended is not known/);
});

interface Failed {
  readonly error: { readonly code: string };
}
