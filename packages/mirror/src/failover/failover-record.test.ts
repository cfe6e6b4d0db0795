import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeTopicFailover,
  encodeTopicFailover,
  failoverStates,
  isFailedOver,
  type TopicFailover,
} from './failover-record.ts';

const offset = fc.nat(Number.MAX_SAFE_INTEGER);
const plain = { noNullPrototype: true };
const tails = fc.array(fc.record({ partition: fc.nat(), from: offset, to: offset }, plain), { maxLength: 3 });
const point = fc.record(
  { partition: fc.nat(), source: offset, target: offset, sourceEnd: fc.option(offset, { nil: null }) },
  plain,
);
const records: fc.Arbitrary<TopicFailover> = fc.record(
  {
    topic: fc.string(),
    targetTopic: fc.string(),
    state: fc.constantFrom(...failoverStates),
    manner: fc.constantFrom('planned', 'forced'),
    at: offset,
    points: fc.array(point, { maxLength: 3 }),
    tails,
    sourceTails: tails,
    isReversed: fc.boolean(),
  },
  plain,
);

test('a record is read as it was written', () => {
  fc.assert(
    fc.property(records, (record) => {
      assert.deepEqual(decodeTopicFailover(record.topic, encodeTopicFailover(record)), record);
    }),
  );
});

test('what is no record, or of a later version, is refused with the name of its topic', () => {
  const good = JSON.parse(
    encodeTopicFailover({
      topic: 'orders',
      targetTopic: 'east.orders',
      state: 'closing',
      manner: 'forced',
      at: 1,
      points: [{ partition: 0, source: 1, target: 2, sourceEnd: null }],
      tails: [],
      sourceTails: [],
      isReversed: false,
    }),
  ) as object;
  const bad = [
    '',
    'null',
    '[]',
    ...[{ version: 1 }, { state: 'over' }, { manner: '' }, { at: -1 }, { targetTopic: null }].map((change) =>
      JSON.stringify({ ...good, ...change }),
    ),
    JSON.stringify({ ...good, points: [{ partition: 0, source: 1 }] }),
    JSON.stringify({ ...good, tails: [{ partition: 0, from: 1, to: 1.5 }] }),
  ];
  for (const value of bad) {
    assert.throws(
      () => decodeTopicFailover('orders', value),
      { code: 'failover_record_invalid', topic: 'orders' },
      value,
    );
  }
});

test('what is drained is still copied, and so is what was failed back', () => {
  const [record] = fc.sample(records, 1) as [TopicFailover];
  const stopped = failoverStates.filter((state) => isFailedOver({ ...record, state }));
  assert.deepEqual(stopped, ['closing', 'failed-over', 'failing-back']);
  assert.equal(isFailedOver(undefined), false);
});
