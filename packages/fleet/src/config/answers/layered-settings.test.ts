import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientSetting } from '@millrace/api/declared';
import { SettingLayers } from './layered-settings.ts';

const way = { settings: { 'security.protocol': 'SASL_SSL' } };
const slow: ClientSetting = { name: 'slow', set: { 'linger.ms': 50 } };
const wide: ClientSetting = { name: 'wide', set: { 'batch.size': 9 } };

test('answers with the same layers share one object, and with others none', () => {
  const layers = new SettingLayers();
  const of = (rules: readonly ClientSetting[], role: 'producer' | 'consumer' = 'producer', cluster = 'east') =>
    layers.of(role, cluster, way, rules).settings;
  const base = of([slow]);
  assert.equal(of([slow]), base);
  assert.equal(base['linger.ms']?.value, '50');
  assert.equal(of([slow, wide])['batch.size']?.value, '9');
  for (const other of [of([]), of([wide]), of([slow, wide]), of([slow], 'consumer'), of([slow], 'producer', 'west')]) {
    assert.notEqual(other, base);
    assert.notDeepEqual(other, base);
  }
  const elsewhere = layers.of('producer', 'east', { settings: { 'security.protocol': 'SASL_PLAINTEXT' } }, [slow]);
  assert.equal(elsewhere.protocol, 'SASL_PLAINTEXT');
});

test('what says the same after a change is the same object still, and a rule without an effect makes no other', () => {
  const before = new SettingLayers();
  const { settings } = before.of('producer', 'east', way, [slow]);
  const after = new SettingLayers(before);
  const ofConsumers: ClientSetting = { name: 'reads', set: { 'fetch.min.bytes': 7 } };
  assert.equal(after.of('producer', 'east', { ...way }, [slow, ofConsumers]).settings, settings);
  const changed: ClientSetting = { name: 'slow', set: { 'linger.ms': 51 } };
  assert.equal(new SettingLayers(after).of('producer', 'east', way, [changed]).settings['linger.ms']?.value, '51');
});

test('the mechanism of passwords is only of those who log in with one, and a rule may say another', () => {
  const layers = new SettingLayers();
  const { settings, withPassword } = layers.of('producer', 'east', way, []);
  assert.equal(settings['sasl.mechanism'], undefined);
  assert.deepEqual(withPassword['sasl.mechanism'], { value: 'SCRAM-SHA-512', rule: 'credential' });
  const ruled: ClientSetting = { name: 'older', set: { 'sasl.mechanism': 'SCRAM-SHA-256' } };
  const { withPassword: asRuled } = layers.of('producer', 'east', way, [ruled]);
  assert.equal(asRuled['sasl.mechanism']?.value, 'SCRAM-SHA-256');
});
