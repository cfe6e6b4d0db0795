import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import { errorCodes, errorRow, KafkaError } from './errors.ts';

/** Code, name, and whether its exception is a RetriableException, of every row of Kafka's own table. */
const kafkas: readonly [code: number, name: string, retriable: boolean][] = JSON.parse(
  readFileSync(new URL('testing/kafka-errors.json', import.meta.url), 'utf8'),
);

test("codes, names and retriability are those of Kafka's table", () => {
  const ours = Object.values(errorCodes).map((code) => {
    const { name, retriable } = errorRow(code);
    return [code, name, retriable];
  });
  assert.deepEqual(
    ours.sort(([left], [right]) => Number(left) - Number(right)),
    [...kafkas].sort(([left], [right]) => left - right),
  );
});

test('a name leads to its row', () => {
  for (const [name, code] of Object.entries(errorCodes)) assert.equal(errorRow(code).name, name);
});

test('every row is described in words of its own', () => {
  const descriptions = Object.values(errorCodes).map((code) => errorRow(code).description);
  assert.equal(new Set(descriptions).size, descriptions.length);
  for (const description of descriptions) assert.match(description, /^[^\n]{5,}[^.\s]$/);
});

test('a code that the table lacks is described as an unknown error and keeps its number', () => {
  assert.equal(errorRow(32_000).name, 'UNKNOWN_SERVER_ERROR');
  const error = new KafkaError(32_000, 'commit offsets of group g');
  assert.deepEqual([error.errorCode, error.errorName, error.retriable], [32_000, 'UNKNOWN_SERVER_ERROR', false]);
});

test("a broker's error says what was tried, what came back and the broker's own words", () => {
  const error = new KafkaError(errorCodes.TOPIC_ALREADY_EXISTS, 'create topic orders', 'it is there since Monday');
  assert.ok(isMillraceError(error, 'kafka_error'));
  assert.equal(
    error.message,
    'create topic orders: TOPIC_ALREADY_EXISTS: a topic of this name exists already (it is there since Monday)',
  );
  assert.ok(!new KafkaError(errorCodes.TOPIC_ALREADY_EXISTS, 'create topic orders', null).message.includes('('));
  assert.equal(new KafkaError(errorCodes.NOT_LEADER_OR_FOLLOWER, 'produce to orders-0').retriable, true);
});
