import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterConfiguration } from './cluster-configuration.ts';

function refusalOf(settings: Readonly<Record<string, string>>): string | undefined {
  const named = Object.entries(settings).map(([name, value]) => [`group.consumer.${name}`, value]);
  try {
    new ClusterConfiguration(Object.fromEntries(named));
    return undefined;
  } catch (error) {
    return (error as { readonly configurationName: string }).configurationName.replace('group.consumer.', '');
  }
}

test('session timeouts and heartbeat intervals outside their bounds keep a cluster from starting', () => {
  assert.equal(refusalOf({}), undefined, 'the defaults go together');
  assert.equal(refusalOf({ 'min.heartbeat.interval.ms': '15001' }), 'max.heartbeat.interval.ms');
  assert.equal(refusalOf({ 'heartbeat.interval.ms': '4999' }), 'heartbeat.interval.ms');
  assert.equal(refusalOf({ 'heartbeat.interval.ms': '15001' }), 'heartbeat.interval.ms');
  assert.equal(refusalOf({ 'heartbeat.interval.ms': '15000' }), undefined);
  assert.equal(refusalOf({ 'min.session.timeout.ms': '60001' }), 'max.session.timeout.ms');
  assert.equal(refusalOf({ 'session.timeout.ms': '44999' }), 'session.timeout.ms');
  assert.equal(refusalOf({ 'session.timeout.ms': '60001' }), 'session.timeout.ms');
  assert.equal(refusalOf({ 'session.timeout.ms': '60000' }), undefined);
});

test('heartbeats must be more often than sessions end', () => {
  const bounds = { 'min.session.timeout.ms': '1', 'max.heartbeat.interval.ms': '60000' };
  assert.equal(refusalOf({ ...bounds, 'session.timeout.ms': '5000' }), 'heartbeat.interval.ms');
  assert.equal(refusalOf({ ...bounds, 'session.timeout.ms': '5001' }), undefined);
});
