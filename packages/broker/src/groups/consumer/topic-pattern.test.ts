import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualPlatform } from '../../testing/manual-platform.ts';
import { PatternResolver } from './pattern-resolver.ts';
import { TopicPattern, TopicPatternError } from './topic-pattern.ts';

test('a pattern matches whole names only', () => {
  const pattern = new TopicPattern('orders(-[a-z]+)?');
  assert.equal(pattern.matches('orders'), true);
  assert.equal(pattern.matches('orders-paid'), true);
  assert.equal(pattern.matches('my-orders'), false);
  assert.equal(pattern.matches('orders-paid-2'), false);
});

for (const [what, pattern] of [
  ['an unfinished group', '('],
  ['a look-ahead', 'a(?=b)'],
  ['a back-reference', '(a)\\1'],
  ['too long a text', 'a'.repeat(2_000)],
  ['too many repetitions', '.*a.{1000}'],
  ['repetitions of repetitions', '((a{9}){9}){9}'],
  ['many small repetitions', '(a{100})'.repeat(20)],
  ['deep nesting', '('.repeat(1_500) + ')'.repeat(1_500)],
] as const) {
  test(`a pattern with ${what} is refused`, () => {
    assert.throws(() => new TopicPattern(pattern), TopicPatternError);
  });
}

test('patterns that people write are accepted', () => {
  for (const pattern of [
    'orders\\..*',
    '^(?i)ORDERS-[0-9]{4}-[0-9]{2}$',
    '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
    '(eu|us)\\.(orders|payments)\\.v[1-9][0-9]*',
    '.*',
    '(-[a-z]{2}){3}',
  ]) {
    assert.doesNotThrow(() => new TopicPattern(pattern), pattern);
  }
});

test('names are matched in slices, with pauses between them, and one pattern after the other', async () => {
  const platform = new ManualPlatform();
  const topics = {
    all: () => Array.from({ length: 100 }, (_, index) => ({ name: `t${index}`, id: `${index}`, partitions: [] })),
    byName: () => undefined,
    byId: () => undefined,
    onDeleted: () => undefined,
    version: 1,
  };
  // Every look at the clock takes a millisecond, as if each name were hard to match.
  let looks = 0;
  const clock = { now: () => 0, monotonic: () => ++looks };
  const resolver = new PatternResolver({ clock, timers: platform.timers }, topics);
  const found: string[] = [];
  resolver.resolve(
    new TopicPattern('t.*'),
    (name) => name !== 't7',
    (names) => found.push(`all ${names.length}`),
  );
  resolver.resolve(
    new TopicPattern('t1'),
    () => true,
    (names) => found.push(`one ${names}`),
  );
  assert.deepEqual(found, []);
  assert(looks < 20, 'a slice is short');
  await platform.pass(10);
  assert.deepEqual(found, []);
  await platform.pass(10_000);
  assert.deepEqual(found, ['all 99', 'one t1']);
});

test('few names are matched at once', () => {
  const platform = new ManualPlatform();
  const topics = {
    all: () => [{ name: 'orders', id: '1', partitions: [] }],
    byName: () => undefined,
    byId: () => undefined,
    onDeleted: () => undefined,
    version: 1,
  };
  let found: readonly string[] = [];
  new PatternResolver(platform, topics).resolve(
    new TopicPattern('o.*'),
    () => true,
    (names) => {
      found = names;
    },
  );
  assert.deepEqual(found, ['orders']);
  assert.equal(platform.pendingTimers, 0);
});
