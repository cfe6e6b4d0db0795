import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type SortKey, selectPage } from './select-page.ts';

interface Row {
  readonly id: string;
  readonly key: SortKey;
}

const sorting = (descending: boolean) => {
  return { keyOf: ({ key }: Row) => key, idOf: ({ id }: Row) => id, descending };
};

test('pages put together are all rows, sorted, each once', () => {
  const keys = fc.array(fc.option(fc.integer({ min: 0, max: 5 }), { nil: null }), { maxLength: 60 });
  fc.assert(
    fc.property(keys, fc.boolean(), fc.integer({ min: 1, max: 20 }), (values, descending, limit) => {
      const rows = values.map((key, index): Row => ({ id: `r${index}`, key }));
      const seen: Row[] = [];
      let cursor: string | undefined;
      do {
        const page = selectPage(rows, sorting(descending), { limit, cursor });
        assert.ok(page.rows.length <= limit);
        assert.equal(page.total, rows.length);
        seen.push(...page.rows);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      assert.equal(new Set(seen.map(({ id }) => id)).size, rows.length);
      const expected = [...rows].sort((left, right) => {
        if (left.key === right.key) return left.id < right.id ? -1 : 1;
        if (left.key === null || right.key === null) return left.key === null ? 1 : -1;
        return (left.key < right.key ? -1 : 1) * (descending ? -1 : 1);
      });
      assert.deepEqual(seen, expected);
    }),
  );
});

test('many rows give the same pages as few', () => {
  const rows = Array.from({ length: 5_000 }, (_, index): Row => ({ id: `r${index}`, key: (index * 7_919) % 1_000 }));
  const first = selectPage(rows, sorting(true), { limit: 10 });
  assert.deepEqual(
    first.rows.map(({ key }) => key),
    [999, 999, 999, 999, 999, 998, 998, 998, 998, 998],
  );
  const second = selectPage(rows, sorting(true), { limit: 10, cursor: first.next ?? undefined });
  assert.equal(second.rows[0]?.key, 997);
});

test('what came and went between two pages moves neither', () => {
  const row = (id: string): Row => ({ id, key: id });
  const first = selectPage(['a', 'b', 'c', 'd'].map(row), sorting(false), { limit: 2 });
  const second = selectPage(['0', 'a', 'c', 'd', 'e'].map(row), sorting(false), { cursor: first.next ?? undefined });
  assert.deepEqual(
    second.rows.map(({ id }) => id),
    ['c', 'd', 'e'],
  );
});

test('a cursor that is none is refused', () => {
  for (const cursor of ['', 'x', Buffer.from('[1]').toString('base64url'), Buffer.from('{}').toString('base64url')]) {
    assert.throws(() => selectPage([], sorting(false), { cursor }), { code: 'invalid_request' });
  }
});
