import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientSetting } from '@millrace/api/declared';
import { fullLists } from '../fleet-lists.ts';
import { checkFleet } from './check-fleet.ts';

function problems(rule: Partial<ClientSetting>): string[] {
  const setting: ClientSetting = { name: 'rule', set: { acks: 'all' }, ...rule };
  const lists = fullLists({ client_setting: [setting], site: [{ name: 'north' }] });
  return checkFleet(lists).map(({ steps, message }) => `${steps.slice(2).join('.')}: ${message}`);
}

test('takes rules for settings that clients have', () => {
  assert.deepEqual(problems({ set: { 'linger.ms': 5, acks: 'all', 'compression.type': 'zstd' } }), []);
  assert.deepEqual(problems({ match: { sites: ['north'], topics: ['orders', 'pay*'], roles: ['producer'] } }), []);
  assert.deepEqual(problems({ set: { 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'SCRAM-SHA-512' } }), []);
});

test('refuses secrets, addresses, what is an instance its own, and what no client has', () => {
  const refused = (key: string, value: string, message: RegExp) => {
    const [problem = ''] = problems({ set: { [key]: value } });
    assert.match(problem, message);
    assert.ok(!problem.includes(value), `${problem} tells the value`);
  };
  refused('sasl.password', 'hunter2', /^set\.sasl\.password: is a secret/);
  refused('bootstrap.servers', 'a:1', /follows from the cluster/);
  refused('group.id', 'mine', /each instance's own/);
  refused('ssl.ca.location', '/etc/ca.pem', /is a path/);
  refused('linger.msec', '5', /did you mean linger\.ms/);
  refused('client.rack', 'env:RACK', /is a reference/);
});

test('refuses values that a setting can not have, and names that nothing has', () => {
  assert.match(problems({ set: { acks: 'some' } })[0] ?? '', /^set\.acks: .*none of 0, 1, all/);
  assert.match(problems({ match: { sites: ['nrth'] } })[0] ?? '', /^match\.sites\.0: .*did you mean north/);
  assert.match(problems({ match: { applications: ['nobody'] } })[0] ?? '', /not among the applications/);
  assert.match(problems({ match: { topics: ['a*b'] } })[0] ?? '', /neither a topic's name/);
});

test('refuses fewer acknowledgements together with idempotence, which no producer starts with', () => {
  const set = { acks: '1', 'enable.idempotence': true };
  assert.match(problems({ set })[0] ?? '', /^set\.enable\.idempotence: needs acks: all/);
  assert.deepEqual(problems({ set: { ...set, 'enable.idempotence': false } }), []);
  assert.deepEqual(problems({ set: { ...set, acks: '-1' } }), []);
});
