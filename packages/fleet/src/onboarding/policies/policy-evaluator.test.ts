import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { smallRequest } from '../testing/small-request.ts';
import { PolicyEvaluator } from './policy-evaluator.ts';

const evaluator = new PolicyEvaluator();
after(() => evaluator.close());

const view = smallRequest();
const list = `[${new Array(200).fill('1').join(',')}]`;

test('an expression holds or does not; whole numbers and others compare', async () => {
  for (const [when, holds] of [
    ['request.partitions == 6 && request.retentionDays == 7.0', true],
    ['request.partitions * 2 > 12', false],
    ['double(request.partitions) * 2.5 == 15.0 && request.partitions > 5.5', true],
    ['request.applications.exists(a, a.role == "producer") && request.sites[0] == "east"', true],
    ['request.topic.matches("^shop[.].*$") && !has(request.configs.none)', true],
  ] as const) {
    assert.deepEqual(await evaluator.evaluate(when, view), { holds }, when);
  }
});

test('what can not be evaluated says why', async () => {
  for (const [when, reason] of [
    ['request.configs.none == "x"', /none/],
    ['request.partitions * 1.5 > 3.0', /no matching overload/],
    ['request.partitions', /neither true nor false/],
    ['1 / (request.partitions - 6) > 0', /divi/],
    ['request.partitions >', /is no CEL expression/],
    [`${'('.repeat(1_000)}true`, /nested/],
  ] as const) {
    const evaluation = await evaluator.evaluate(when, view);
    assert.match('failure' in evaluation ? evaluation.failure : '', reason, when);
  }
});

test('what takes too long or too much is ended, and the next is evaluated as ever', async () => {
  const strict = new PolicyEvaluator({ timeoutMs: 300, memoryMib: 32 });
  const slow = `${list}.all(a, ${list}.all(b, ${list}.all(c, ${list}.all(d, a + b + c + d > 0))))`;
  const greedy = `["${'a'.repeat(1_000)}"]${'.map(x, x + x)'.repeat(15)}.map(x, x.replace("a", "bb")).size() > 0`;
  const doubling = `["ab"]${'.map(x, x + x)'.repeat(40)}[0].contains("c")`;
  const backtracking = `("${'a'.repeat(5_000)}").matches("(a*)*(a*)*(a*)*b")`;
  for (const when of [slow, doubling, greedy, backtracking]) {
    const evaluation = await strict.evaluate(when, view);
    assert.ok('failure' in evaluation || when === backtracking, `${when.slice(0, 40)}: ${JSON.stringify(evaluation)}`);
    assert.deepEqual(await strict.evaluate('request.partitions == 6', view), { holds: true });
  }
  await strict.close();
  assert.deepEqual(await strict.evaluate('true', view), { failure: 'the process is stopping' });
});

test('many at a time are evaluated one after the other', async () => {
  const asked = Array.from({ length: 50 }, (_, n) => evaluator.evaluate(`request.partitions > ${n}`, view));
  const held = await Promise.all(asked);
  assert.deepEqual(
    held,
    Array.from({ length: 50 }, (_, n) => ({ holds: n < 6 })),
  );
});
