import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PageChoice, readPages } from './read-pages.ts';

/** A server with that many rows. */
function rows(total: number) {
  const asked: number[] = [];
  const ask = async ({ cursor = '0', limit }: PageChoice) => {
    asked.push(limit);
    const begin = Number(cursor);
    const end = Math.min(begin + limit, total);
    const items = Array.from({ length: end - begin }, (_, index) => begin + index);
    return { items, next: end < total ? String(end) : null };
  };
  return { ask, asked };
}

test('all pages are read, each row once', async () => {
  const { ask, asked } = rows(2_500);
  const { items, more } = await readPages(ask);
  assert.deepEqual(
    items,
    Array.from({ length: 2_500 }, (_, index) => index),
  );
  assert.equal(more, false);
  assert.deepEqual(asked, [1_000, 1_000, 1_000]);
});

test('no more than is wanted is asked for, and that there are more is told', async () => {
  const { ask, asked } = rows(2_500);
  const { items, more } = await readPages(ask, 1_200);
  assert.equal(items.length, 1_200);
  assert.equal(more, true);
  assert.deepEqual(asked, [1_000, 200]);
  assert.deepEqual(await readPages(rows(50).ask, 50).then((all) => all.more), false);
});
