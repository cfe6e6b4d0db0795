/** The part of the suite about batches, scans and queries. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { add, append, list, read } from '../operation.ts';
import { RecordError } from '../record-error.ts';
import type { UserKey } from '../record-key.ts';
import type { BatchOutcome, FoundRecord, Page, RecordStore, ScanOptions } from '../record-store.ts';
import type { Value } from '../value.ts';
import { refusal, suite } from './suite.ts';

export const manyRecords = suite('many records', (place) => {
  test('does a batch of all kinds, each with an outcome of its own', async () => {
    const { store, key } = place();
    await store.put(key('a'), { n: 1, m: 2 });
    await store.put(key('gone'), { n: 1 });
    const outcomes = await store.batch([
      { type: 'get', key: key('a'), bins: ['m'] },
      { type: 'get', key: key('missing') },
      { type: 'put', key: key('new'), bins: { x: 1 } },
      { type: 'put', key: key('a'), bins: { x: 1 }, options: { mode: 'create' } },
      { type: 'operate', key: key('counter'), operations: [add('n', 2), read('n')] },
      { type: 'operate', key: key('a'), operations: [append('n', 'x')] },
      { type: 'remove', key: key('gone') },
      { type: 'remove', key: key('missing') },
      { type: 'put', key: key('a'), bins: { y: 1 }, options: { generation: 7 } },
    ]);
    assert.deepEqual(outcomes.map(summary), [
      'get {"m":2}',
      'get nothing',
      'put 1',
      'exists',
      'operate {"n":2}',
      'bin_type',
      'remove true',
      'remove false',
      'generation',
    ]);
    assert.deepEqual((await store.get(key('new')))?.bins, { x: 1 });
    assert.equal(await store.get(key('gone')), undefined);
  });

  test('answers an empty batch', async () => {
    assert.deepEqual(await place().store.batch([]), []);
  });

  test('pages through a set, each record once, whatever the pages', async () => {
    const { store, key, namespace, set } = place();
    const keys = Array.from({ length: 250 }, (_, number) => (number % 3 === 0 ? number : `key ${number}`));
    await store.batch(keys.map((each) => ({ type: 'put', key: key(each), bins: { each: String(each), other: 1 } })));
    const pages: Page[] = [];
    const records = await all(
      (after) => store.scan({ namespace, set }, { pageRecords: 40, after, bins: ['each'] }),
      pages,
    );
    assert.deepEqual(records.map(({ bins }) => bins['each']).sort(), keys.map(String).sort());
    assert.ok(pages.every((page) => page.records.length <= 40));
    for (const { key: found, bins } of records) {
      assert.equal(String(found.key), bins['each']);
      assert.deepEqual(Object.keys(bins), ['each']);
    }
    assert.deepEqual((await store.scan({ namespace, set: 'none-of-these' })).records, []);
  });

  test('finds records by an index on integers, by range and by value', async () => {
    const { store, key, namespace, set } = place();
    const name = `n${set}`;
    for (const n of [-5, 0, 5]) await store.put(key(`before ${n}`), { n });
    await store.createIndex({ namespace, set, bin: 'n', name, type: 'integer' });
    for (const n of [3, 10, -1]) await store.put(key(`after ${n}`), { n });
    await store.put(key('text'), { n: '3' });
    await store.put(key('before 0'), { n: 100 });
    await store.remove(key('before -5'));
    const index = { namespace, name };
    const query = async (where: Parameters<RecordStore['query']>[0]['where']): Promise<Value[]> => {
      const found = await all((after) => store.query({ index, where, after, pageRecords: 2 }));
      return found.map(({ bins }) => bins['n'] ?? null).sort((left, right) => Number(left) - Number(right));
    };
    assert.deepEqual(await query({ from: -10, to: 5 }), [-1, 3, 5]);
    assert.deepEqual(await query({ equals: 100 }), [100]);
    assert.deepEqual(await query({ from: 11, to: 99 }), []);
    await store.removeIndex(index);
    await assert.rejects(query({ equals: 100 }), refusal('index_not_found'));
  });

  test('finds records by an index on text', async () => {
    const { store, key, namespace, set } = place();
    const name = `t${set}`;
    const long = 'long '.repeat(200);
    await store.createIndex({ namespace, set, bin: 't', name, type: 'text' });
    await store.put(key(1), { t: 'a' });
    await store.put(key(2), { t: 'ab' });
    await store.put(key(3), { t: 'a' });
    await store.put(key(4), { t: long });
    const query = async (equals: string): Promise<UserKey[]> => {
      const found = await all((after) => store.query({ index: { namespace, name }, where: { equals }, after }));
      return found.map((record) => record.key.key).sort();
    };
    assert.deepEqual(await query('a'), [1, 3]);
    assert.deepEqual(await query('ab'), [2]);
    assert.deepEqual(await query(long), [4]);
    assert.deepEqual(await query('b'), []);
    await store.removeIndex({ namespace, name });
  });

  test('finds records by elements of lists, and by keys and values of maps', async () => {
    const { store, key, namespace, set } = place();
    const parts = [
      { bin: 'l', name: `l${set}`, type: 'integer', part: 'list' },
      { bin: 'm', name: `k${set}`, type: 'text', part: 'mapKeys' },
      { bin: 'm', name: `v${set}`, type: 'integer', part: 'mapValues' },
    ] as const;
    for (const part of parts) await store.createIndex({ namespace, set, ...part });
    await store.put(key('a'), { l: [1, 2, 'x'], m: { red: 1, blue: 2 } });
    await store.put(key('b'), { l: [2, 3], m: { blue: 7 } });
    await store.operate(key('b'), [list.append('l', [9])]);
    const query = async (part: number, equals: number | string): Promise<UserKey[]> => {
      const index = { namespace, name: parts[part]?.name ?? '' };
      const found = await all((after) => store.query({ index, where: { equals }, after }));
      return found.map((record) => record.key.key).sort();
    };
    assert.deepEqual(await query(0, 2), ['a', 'b']);
    assert.deepEqual(await query(0, 9), ['b']);
    assert.deepEqual(await query(1, 'blue'), ['a', 'b']);
    assert.deepEqual(await query(1, 'red'), ['a']);
    assert.deepEqual(await query(2, 7), ['b']);
    for (const { name } of parts) await store.removeIndex({ namespace, name });
  });

  test('refuses a second index of a name, and one that is not there', async () => {
    const { store, namespace, set } = place();
    const definition = { namespace, set, bin: 'n', name: `n${set}`, type: 'integer' } as const;
    await store.createIndex(definition);
    await assert.rejects(store.createIndex({ ...definition, bin: 'm' }), refusal('index_exists'));
    await store.removeIndex(definition);
    await assert.rejects(store.removeIndex(definition), refusal('index_not_found'));
  });

  test('finds no expired record by scan or query', async () => {
    const { store, key, namespace, set } = place();
    const name = `n${set}`;
    await store.createIndex({ namespace, set, bin: 'n', name, type: 'integer' });
    await store.put(key('lives'), { n: 1 });
    await store.put(key('expires'), { n: 1 }, { ttl: 1 });
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const scanned = await all((after) => store.scan({ namespace, set }, { after }));
    const found = await all((after) => store.query({ index: { namespace, name }, where: { equals: 1 }, after }));
    assert.deepEqual(
      [scanned, found].map((records) => records.map((record) => record.key.key)),
      [['lives'], ['lives']],
    );
    await store.removeIndex({ namespace, name });
  });
});

/** All records of all pages. */
async function all(page: (after: ScanOptions['after']) => Promise<Page>, pages: Page[] = []): Promise<FoundRecord[]> {
  let after: string | undefined;
  do {
    const next = await page(after);
    pages.push(next);
    after = next.cursor;
  } while (after !== undefined);
  return pages.flatMap(({ records }) => records);
}

function summary(outcome: BatchOutcome): string {
  switch (outcome.type) {
    case 'get':
      return `get ${outcome.record === undefined ? 'nothing' : JSON.stringify(outcome.record.bins)}`;
    case 'put':
      return `put ${outcome.generation}`;
    case 'operate':
      return `operate ${JSON.stringify(outcome.result.bins)}`;
    case 'remove':
      return `remove ${outcome.removed}`;
    case 'error':
      assert.ok(outcome.error instanceof RecordError);
      return outcome.error.code;
  }
}
