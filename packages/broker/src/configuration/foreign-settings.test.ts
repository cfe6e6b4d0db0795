import assert from 'node:assert/strict';
import { test } from 'node:test';
import { incrementalAlterConfigs } from '@millrace/wire';
import { ClusterFixture } from '../testing/cluster-fixture.ts';
import { brokerDefinitions } from './broker-definitions.ts';
import { ClusterConfiguration } from './cluster-configuration.ts';
import { ConfigurationError } from './definition.ts';
import { isWithoutEffect } from './foreign-settings.ts';

/** What the server.properties that comes with Apache Kafka sets. */
const shipped = {
  'broker.id': '0',
  'num.network.threads': '3',
  'num.io.threads': '8',
  'socket.send.buffer.bytes': '102400',
  'socket.receive.buffer.bytes': '102400',
  'socket.request.max.bytes': '104857600',
  'log.dirs': '/nowhere',
  'num.partitions': '2',
  'num.recovery.threads.per.data.dir': '1',
  'offsets.topic.replication.factor': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'log.retention.hours': '168',
  'log.segment.bytes': '1073741824',
  'log.retention.check.interval.ms': '300000',
};

test('a broker starts with what Apache Kafka ships, tells what changes nothing, and changes none later', async () => {
  await using own = await ClusterFixture.start({ configuration: { ...shipped, 'log.retention.hours': '5' } });
  const warnings = own.events.filter(({ level }) => level === 'warn').map(({ message }) => message);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /change nothing: broker\.id, num\.network\.threads, .*log\.dirs/);
  assert.doesNotMatch(warnings[0] ?? '', /num\.partitions|log\.retention|socket\.request/);
  await own.createTopic('kept', { partitions: 1 });
  assert.equal(own.cluster.topics.byName('kept')?.settings.retentionMs, 5 * 3_600_000);
  const configs = [{ name: 'num.io.threads', configOperation: 0, value: '4' }];
  const resources = [{ resourceType: 4, resourceName: '1', configs }];
  const answer = await (await own.peer()).request(incrementalAlterConfigs, { resources, validateOnly: false });
  assert.match(answer.responses[0]?.errorMessage ?? '', /num\.io\.threads of Apache Kafka changes nothing here/);
});

test('of settings in several units the finest wins, and a negative one is no limit', () => {
  const kept = (settings: Record<string, string>) => new ClusterConfiguration(settings).text('log.retention.ms');
  assert.equal(kept({ 'log.retention.hours': '2' }), '7200000');
  assert.equal(kept({ 'log.retention.hours': '2', 'log.retention.minutes': '3' }), '180000');
  assert.equal(kept({ 'log.retention.hours': '2', 'log.retention.minutes': '3', 'log.retention.ms': '4' }), '4');
  assert.equal(kept({ 'log.retention.hours': '-1' }), '-1');
  assert.equal(new ClusterConfiguration({ 'log.roll.hours': '1' }).text('log.roll.ms'), '3600000');
  assert.throws(() => kept({ 'log.retention.hours': 'long' }), /long for configuration log\.retention\.hours/);
});

test('listeners of controllers are left out', () => {
  const own = new ClusterConfiguration({
    'process.roles': 'broker,controller',
    listeners: 'PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093',
    'advertised.listeners': 'PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093',
    'controller.listener.names': 'CONTROLLER',
  });
  assert.equal(own.text('listeners'), 'PLAINTEXT://127.0.0.1:9092');
  assert.equal(own.text('advertised.listeners'), 'PLAINTEXT://localhost:9092');
  assert.deepEqual(own.ignored, ['process.roles']);
});

test('what is unknown, or would make a broker less safe if passed over, keeps it from starting', () => {
  for (const name of [
    'log.retention.years',
    'create.topic.policy.class.name',
    'ssl.cipher.suites',
    'ssl.keystore.password',
  ]) {
    assert.throws(() => new ClusterConfiguration({ [name]: 'x' }), ConfigurationError);
  }
});

test('no setting is both defined and said to change nothing', () => {
  assert.deepEqual(
    brokerDefinitions.filter(({ name }) => isWithoutEffect(name)),
    [],
  );
});
