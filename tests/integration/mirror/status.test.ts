/** What a mirror tells of how it is going. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unwrap } from '@millrace/client';
import { knownMirrors, type MirrorState, MirrorWatch, verifyMirror } from '@millrace/mirror';
import { parseMetrics } from '@millrace/mirror/testing/metrics-parser';
import { millrace, startMillrace } from '../../support/millrace-command.ts';
import { until } from '../client/client-fixture.ts';
import { startMirrorFixture } from './mirror-fixture.ts';

test('a worker tells how far behind it is, how much it copied and what went wrong', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source } = fixture;
  const topic = await source.createTopic(2);
  await using producer = source.client.producer();
  for (let index = 0; index < 10; index++) {
    await producer.send({ topic, partition: 0, value: `value ${index}`, timestamp: Date.now() - 60_000 });
  }
  const mirror = await fixture.mirror([topic]);
  await until(() => mirror.figures().recordsCopied === 10);
  await until(() => mirror.status().length === 2 && mirror.status().every(({ lag }) => lag === 0));
  assert.deepEqual(
    mirror.status().map(({ lagMs }) => lagMs),
    [0, 0],
  );
  const { bytesCopied } = mirror.figures();
  assert.equal(
    bytesCopied,
    mirror.status().reduce((sum, each) => sum + each.bytesCopied, 0),
  );
  await until(() => mirror.figures().recordsPerSecond > 0);
  assert.equal(mirror.figures().problems.get('fetch_failed'), undefined);
  // What the target does not take waits, and gets older by the time that the records have.
  await fixture.target.stop();
  await producer.send({ topic, partition: 1, value: 'late', timestamp: Date.now() - 3_600_000 });
  await until(() =>
    mirror.status().some(({ partition, lag, lagMs }) => partition === 1 && lag === 1 && (lagMs ?? 0) >= 3_600_000),
  );
  await until(() => [...mirror.figures().problems.values()].some((count) => count > 0));
  await fixture.target.restart();
  await until(() => mirror.status().some(({ partition, lagMs }) => partition === 1 && lagMs === 0));
});

test('a mirror is looked at from outside: its workers, how far it is and what is not as it should be', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topic = await source.createTopic(3);
  await using producer = source.client.producer();
  for (let partition = 0; partition < 3; partition++) await producer.send({ topic, partition, value: 'first' });
  const rename = (name: string): string => `copy.${name}`;
  const mirror = await fixture.mirror([topic], { worker: 'watched', rename });
  const sides = { source: { bootstrap: source.bootstrap }, target: { bootstrap: target.bootstrap } };
  await using watch = new MirrorWatch({ ...sides, name: mirror.name, rename });
  let state = await watch.look();
  await until(async () => {
    state = await watch.look();
    const [seen] = state.topics;
    return seen?.partitions.length === 3 && seen.partitions.every((each) => each.copiedUpTo === 1 && each.lag === 0);
  });
  assert.deepEqual(state.problems, []);
  assert.deepEqual(
    state.workers.map(({ worker, partitions, shards }) => [worker, partitions, shards]),
    [['watched', 3, [0, 1, 2, 3]]],
  );
  assert.deepEqual(
    state.topics.map((each) => [each.topic, each.targetTopic, each.lag, each.lagMs]),
    [[topic, `copy.${topic}`, 0, 0]],
  );
  const onCommandLine = ['--source', source.bootstrap, '--target', target.bootstrap, '--name', mirror.name];
  const told = await millrace(['mirror', 'status', ...onCommandLine, '--json']);
  assert.equal(told.code, 0, told.stderr);
  assert.deepEqual((JSON.parse(told.text) as MirrorState).workers, state.workers);
  const listed = await millrace(['mirror', 'list', '--target', target.bootstrap]);
  assert.match(listed.text, new RegExp(`^${mirror.name} +4 +3 +${topic}$`, 'm'));
  const known = await knownMirrors({ target: sides.target });
  assert.deepEqual(known, [{ mirror: mirror.name, shards: 4, topics: [topic], partitions: 3 }]);

  await mirror.close();
  await producer.send({ topic, partition: 1, value: 'late', timestamp: Date.now() - 3_600_000 });
  await producer.send({ topic, partition: 1, value: 'later', timestamp: Date.now() });
  state = await watch.look();
  assert.match(state.problems.join(), /no worker runs/);
  const [seen] = state.topics;
  assert.equal(seen?.lag, 2);
  assert.ok((seen?.lagMs ?? 0) >= 3_600_000, `${seen?.lagMs}`);
  assert.equal(seen?.partitions[1]?.state, 'no worker');
  const late = await millrace(['mirror', 'status', ...onCommandLine, '--prefix', 'copy.', '--once', '--partitions']);
  assert.equal(late.code, 1);
  assert.match(late.text, /2 records behind, 1\.0 h[\s\S]*no worker[\s\S]*problem: no worker runs/);
});

test('a worker on the command line serves its figures to Prometheus', async (t) => {
  const { source, target } = await startMirrorFixture(t);
  const topic = await source.createTopic(1);
  await using producer = source.client.producer();
  await producer.send({ topic, value: 'one' });
  const sides = ['--source', source.bootstrap, '--target', target.bootstrap];
  const words = ['mirror', 'run', ...sides, '--topics', topic, '--name', 'served', '--metrics', '0', '--json'];
  const worker = startMillrace(words);
  t.after(() => worker.child.kill());
  await until(() => worker.printed().includes('\n'));
  const { metrics } = JSON.parse(worker.printed()) as { readonly metrics: string };
  await until(async () => {
    const response = await fetch(metrics);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    const families = parseMetrics(await response.text());
    const [lag] = families.get('millrace_mirror_partition_lag_records')?.samples ?? [];
    const [copied] = families.get('millrace_mirror_records_copied_total')?.samples ?? [];
    return copied?.value === 1 && lag?.labels['topic'] === topic && lag.value === 0;
  });
  worker.child.kill();
  assert.equal((await worker.ended).code, 0);
});

test('a mirror that the target does not know is told as such', async (t) => {
  const { source, target } = await startMirrorFixture(t);
  const sides = { source: { bootstrap: source.bootstrap }, target: { bootstrap: target.bootstrap } };
  await using watch = new MirrorWatch({ ...sides, name: 'unheard-of' });
  await assert.rejects(watch.look(), { code: 'mirror_unknown' });
  assert.deepEqual(await knownMirrors({ target: sides.target }), []);
});

test('a topic that is deleted on the source is no problem and no difference', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const [topic, deleted] = [await source.createTopic(1), await source.createTopic(1)];
  await using producer = source.client.producer();
  for (const each of [topic, deleted]) await producer.send({ topic: each, value: 'first' });
  const mirror = await fixture.mirror([/.*/]);
  const sides = { source: { bootstrap: source.bootstrap }, target: { bootstrap: target.bootstrap } };
  await using watch = new MirrorWatch({ ...sides, name: mirror.name });
  const states = async (): Promise<string[]> => {
    return (await watch.look()).topics.flatMap((each) => each.partitions.map(({ state }) => `${each.topic} ${state}`));
  };
  const upToDate = [topic, deleted].map((each) => `${each} up to date`).sort();
  await until(async () => (await states()).join() === upToDate.join(), 30_000);
  unwrap(await source.admin.deleteTopics([deleted]));
  await mirror.syncTopics();
  await until(async () => (await states()).includes(`${deleted} gone`), 30_000);
  const { problems, notes } = await watch.look();
  assert.deepEqual(problems, []);
  assert.match(notes.join(), new RegExp(`the source has no ${deleted} any more`));
  const verified = await verifyMirror({ ...sides, name: mirror.name });
  const found = verified.map(({ source: name, isEqual, isGone = false }) => `${name} ${isEqual} ${isGone}`);
  assert.deepEqual(found, [`${deleted} true true`, `${topic} true false`].sort());
});

test('a mirror that was begun anew is looked at anew, by who looked before', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { source, target } = fixture;
  const topic = await source.createTopic(1);
  await using producer = source.client.producer();
  await producer.send({ topic, value: 'first' });
  const mirror = await fixture.mirror([topic]);
  const sides = { source: { bootstrap: source.bootstrap }, target: { bootstrap: target.bootstrap } };
  await using watch = new MirrorWatch({ ...sides, name: mirror.name });
  await until(async () => (await watch.look()).topics[0]?.lag === 0);
  await mirror.close();
  const offsetsTopic = `millrace.offsets.${mirror.name}`;
  unwrap(await target.admin.deleteTopics([offsetsTopic]));
  await until(async () => !(await target.admin.listTopics()).some((each) => each.topic === offsetsTopic));
  unwrap(await target.admin.createTopics([{ topic: offsetsTopic, partitions: 4 }]));
  await until(async () => (await watch.look()).topics.length === 0);
});
