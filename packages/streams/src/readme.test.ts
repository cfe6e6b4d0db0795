import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { float64, int64, json, text, topic } from '@millrace/client';
import { testDriver } from './index.ts';
import { hourly } from './testing/readme/averages.ts';
import { paidOrders } from './testing/readme/paid-orders.ts';
import { wordCount } from './testing/readme/word-count.ts';

function textOf(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}

test('the examples of the README are those that are compiled, and each has less than 20 lines', () => {
  for (const name of ['word-count', 'averages', 'paid-orders']) {
    const example = textOf(`testing/readme/${name}.ts`).replace("'../../index.ts'", "'@millrace/streams'");
    assert.ok(textOf('../README.md').includes(`\`\`\`ts\n${example}\`\`\`\n`), name);
    assert.ok(example.split('\n').length <= 20, name);
  }
});

test('the examples of the README compute what they say', () => {
  const words = testDriver(wordCount);
  words.pipe(topic('lines', { value: text }), { value: 'to be or not to be' });
  const counts = words.read(topic('counts', { key: text, value: int64 }));
  assert.deepEqual(counts.map(({ key, value }) => `${key} ${value}`).slice(-2), ['to 2', 'be 2']);

  const readings = topic('readings', { key: text, value: float64 });
  const averages = testDriver(hourly);
  for (const [value, timestamp] of [
    [10, 0],
    [20, 1_000],
    [5, 4_000_000],
  ] as const) {
    averages.pipe(readings, { key: 'roof', value, timestamp });
  }
  const hour = { key: 'roof', value: 15, timestamp: 3_599_999 };
  assert.deepEqual(averages.read(topic('averages', { key: text, value: float64 })), [hour]);

  const paid = testDriver(paidOrders);
  paid.pipe(topic('orders', { key: text, value: json<{ item: string }>() }), { key: '7', value: { item: 'book' } });
  paid.pipe(topic('payments', { key: text, value: json<{ amount: number }>() }), {
    ...{ key: '7', value: { amount: 12 } },
    timestamp: 60_000,
  });
  const pairs = paid.read(topic('paid', { key: text, value: json<unknown>() }));
  assert.deepEqual(
    pairs.map(({ value }) => value),
    [{ item: 'book', amount: 12 }],
  );
});
