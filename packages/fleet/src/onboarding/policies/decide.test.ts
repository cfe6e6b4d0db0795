import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Policy } from '@millrace/api/declared';
import type { PolicyView } from '@millrace/api/fleet';
import { smallRequest } from '../testing/small-request.ts';
import { builtInPolicies } from './built-in-policies.ts';
import { decide, effectivePolicies } from './decide.ts';
import { PolicyEvaluator } from './policy-evaluator.ts';

const evaluator = new PolicyEvaluator();
after(() => evaluator.close());

const policy = (name: string, when: string, decision: Policy['decision']): Policy => ({ name, when, decision });

async function decided(view: PolicyView, policies: readonly Policy[] = builtInPolicies): Promise<string> {
  const { decision, sayings } = await decide(policies, view, evaluator);
  return [decision, ...sayings.map((saying) => saying.policy)].join(' ');
}

test('the strictest that speaks decides, and where nobody speaks a person does', async () => {
  const policies = [policy('yes', 'true', 'approve'), policy('hm', 'true', 'ask'), policy('no', 'true', 'refuse')];
  assert.equal(await decided(smallRequest(), policies), 'refuse no hm yes');
  assert.equal(await decided(smallRequest(), policies.slice(0, 2)), 'ask hm yes');
  assert.equal(await decided(smallRequest(), policies.slice(0, 1)), 'approve yes');
  assert.equal(await decided(smallRequest(), [policy('no', 'false', 'refuse')]), 'ask');
});

test('a policy that can not be evaluated asks a person and says why, whatever it would decide', async () => {
  const broken = policy('broken', 'request.configs.none == "x"', 'approve');
  const { decision, sayings } = await decide([broken, policy('yes', 'true', 'approve')], smallRequest(), evaluator);
  assert.equal(decision, 'ask');
  assert.match(sayings[0]?.message ?? '', /can't be evaluated, so a person decides: .*none/);
  assert.equal(sayings[0]?.failed, true);
});

test('policies that come too late for a turn ask a person', async () => {
  let at = 0;
  const evaluate = async () => {
    at += 12_000;
    return { holds: true };
  };
  const policies = ['a', 'b', 'c'].map((name) => policy(name, 'true', 'approve'));
  const { decision, sayings } = await decide(policies, smallRequest(), { evaluate }, () => at);
  assert.equal(decision, 'ask');
  assert.deepEqual(
    sayings.filter(({ failed }) => failed).map((saying) => saying.policy),
    ['c'],
  );
});

test('one that is declared replaces the one that comes with Millrace', () => {
  const policies = effectivePolicies([policy('naming', 'false', 'refuse')]);
  assert.deepEqual(
    policies.filter(({ name }) => name === 'naming').map(({ builtIn }) => builtIn),
    [false],
  );
  assert.equal(policies.length, builtInPolicies.length);
});

test('what is small is approved by the policies that come with Millrace', async () => {
  assert.equal(await decided(smallRequest()), 'approve small');
});

const nothing = { topics: 0, partitions: 0, storedBytes: 0, monthlyCost: 0 };
const overBudget = { name: 'shop', used: nothing, after: { ...nothing, topics: 1 }, overBudget: ['topics'] };
const outcomes: readonly (readonly [string, PolicyView])[] = [
  ['refuse naming', smallRequest({ topic: 'Orders' })],
  ['refuse naming-reserved', smallRequest({ topic: 'millrace.audit' })],
  ['refuse replication', smallRequest({ replicas: 1 })],
  ['ask replication-three', smallRequest({ replicas: 2 })],
  ['ask limits-partitions', smallRequest({ partitions: 200 })],
  ['ask limits-retention', smallRequest({ retentionDays: -1 })],
  ['ask limits-retention', smallRequest({ retentionDays: 31 })],
  ['ask budget', smallRequest({}, { team: overBudget })],
  ['ask capacity', smallRequest({}, { capacity: { fits: 'no', brokers: 3, use: 2, scarcest: 'disk', season: 1 } })],
  [
    'ask capacity-unknown',
    smallRequest({}, { capacity: { fits: 'unknown', brokers: 3, use: 0, scarcest: 'disk', season: 1 } }),
  ],
  ['ask data-class', smallRequest({ dataClass: '' })],
  ['ask data-class-protected', smallRequest({ dataClass: 'restricted' })],
  ['ask others-topic', smallRequest({ kind: 'access', team: 'pay' })],
  ['ask others-topic', smallRequest({ applications: [{ name: 'x', team: 'pay', role: 'consumer' }] })],
  ['ask retirement', smallRequest({ kind: 'retirement' })],
  ['ask records-lost', smallRequest({ kind: 'change', losesRecords: true })],
  ['ask others-names', smallRequest({ ownNames: false })],
  ['ask durability', smallRequest({ configs: { 'unclean.leader.election.enable': 'true' } })],
  ['ask durability', smallRequest({ configs: { 'min.insync.replicas': '1' } })],
  ['approve small', smallRequest({ replicas: 3, configs: { 'min.insync.replicas': '2' } })],
  ['ask', smallRequest({}, { cost: { monthly: 1_000, before: 0, change: 1_000 } })],
];

for (const [wanted, view] of outcomes) {
  test(`${wanted}: ${view.request.kind} ${view.request.topic}`, async () => {
    const told = await decided(view);
    assert.ok(told.startsWith(wanted), told);
  });
}
