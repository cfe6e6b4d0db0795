/**
 * What every record store must do: one suite, run against the embedded store and against an Aerospike cluster. Each
 * test has a set of its own.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import { add, append, list, map, type Operation, prepend, read, touch, write } from '../operation.ts';
import { RecordError, type RecordErrorCode } from '../record-error.ts';
import type { RecordKey, UserKey } from '../record-key.ts';
import type { BatchOutcome, Bins, FoundRecord, Page, RecordStore, ScanOptions } from '../record-store.ts';
import { Double, type Value } from '../value.ts';

export interface SuiteSubject {
  readonly name: string;
  /** A namespace that takes records with a time to live. */
  readonly namespace: string;
  open(): Promise<RecordStore>;
}

/** What a test works with: a store, and a set that nobody else uses. */
export interface Place {
  readonly store: RecordStore;
  readonly namespace: string;
  readonly set: string;
  key(key: UserKey): RecordKey;
}

export function refusal(code: RecordErrorCode): (error: unknown) => boolean {
  return (error) => isMillraceError(error, code);
}

/** Runs the suite; `parts` are lists of tests, each in a file of its own. */
export function recordSuite(subject: SuiteSubject, parts: readonly ((place: () => Place) => void)[]): void {
  describe(`records: ${subject.name}`, () => {
    let store: RecordStore;
    before(async () => {
      store = await subject.open();
    });
    after(async () => {
      await store.close();
    });
    const place = (): Place => {
      const set = `s${randomUUID().slice(0, 8)}`;
      const { namespace } = subject;
      return { store, namespace, set, key: (key) => ({ namespace, set, key }) };
    };
    for (const part of parts) part(place);
  });
}

export function singleRecords(place: () => Place): void {
  test('finds what was put, and nothing else', async () => {
    const { store, key } = place();
    await store.put(key('a'), { n: 1, text: 'one' });
    const found = await store.get(key('a'));
    assert.deepEqual(found?.bins, { n: 1, text: 'one' });
    assert.equal(found?.generation, 1);
    assert.equal(found?.ttl, undefined);
    assert.equal(await store.get(key('b')), undefined);
  });

  test('finds the bins that are asked for', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1, y: 2, z: 3 });
    assert.deepEqual((await store.get(key('a'), ['z', 'x', 'other']))?.bins, { x: 1, z: 3 });
  });

  const values: [name: string, value: Value, seen?: Value][] = [
    ['zero', 0],
    ['the largest exact integer', Number.MAX_SAFE_INTEGER],
    ['the smallest exact integer', Number.MIN_SAFE_INTEGER],
    ['the largest integer of 64 bits', 2n ** 63n - 1n],
    ['the smallest integer of 64 bits', -(2n ** 63n)],
    ['a small bigint', 7n, 7],
    ['a whole number above 2^53', 2 ** 60, 2n ** 60n],
    ['a fraction', -1.25],
    ['a whole double', new Double(5), 5],
    ['a double beyond integers', 1e300],
    ['infinity', Number.POSITIVE_INFINITY],
    ['text', 'größer 😀'],
    ['empty text', ''],
    ['bytes', Buffer.from([0, 1, 255])],
    ['true', true],
    ['false', false],
    ['an empty list', []],
    ['a list', [1, 'two', [3, null], { four: 4.5 }, true, Buffer.from('five')]],
    ['an empty map', {}],
    ['a map', { b: [1, 2], a: { deep: { deeper: 'x' } }, '10': 1, '9': 2, constructor: 3 }],
  ];
  for (const [name, value, seen = value] of values) {
    test(`holds ${name}`, async () => {
      const { store, key } = place();
      await store.put(key('a'), { value });
      assert.deepEqual((await store.get(key('a')))?.bins['value'], seen);
    });
  }

  test('tells keys of different types apart', async () => {
    const { store, key } = place();
    const keys: UserKey[] = [1, '1', Buffer.from('1'), -1, 2n ** 62n];
    for (const [number, each] of keys.entries()) await store.put(key(each), { number });
    for (const [number, each] of keys.entries()) {
      assert.equal((await store.get(key(each)))?.bins['number'], number);
    }
  });

  test('puts bins beside those that are there, and takes out those that are null', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1, y: 2 });
    assert.equal(await store.put(key('a'), { y: null, z: 3 }), 2);
    assert.deepEqual((await store.get(key('a')))?.bins, { x: 1, z: 3 });
  });

  test('replaces all bins when told to', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1, y: 2 });
    await store.put(key('a'), { z: 3 }, { mode: 'replace' });
    assert.deepEqual((await store.get(key('a')))?.bins, { z: 3 });
  });

  test('creates only what is not there', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 }, { mode: 'create' });
    await assert.rejects(store.put(key('a'), { x: 2 }, { mode: 'create' }), refusal('exists'));
    assert.deepEqual((await store.get(key('a')))?.bins, { x: 1 });
  });

  test('updates only what is there', async () => {
    const { store, key } = place();
    await assert.rejects(store.put(key('a'), { x: 1 }, { mode: 'update' }), refusal('not_found'));
    assert.equal(await store.get(key('a')), undefined);
  });

  test('changes a record only in the generation that was expected', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 });
    await assert.rejects(store.put(key('a'), { x: 2 }, { generation: 2 }), refusal('generation'));
    assert.equal(await store.put(key('a'), { x: 2 }, { generation: 1 }), 2);
    await assert.rejects(store.operate(key('a'), [add('x', 1)], { generation: 1 }), refusal('generation'));
    await assert.rejects(store.remove(key('a'), { generation: 1 }), refusal('generation'));
    await assert.rejects(store.put(key('b'), { x: 1 }, { generation: 1 }), refusal('generation'));
    assert.equal(await store.remove(key('a'), { generation: 2 }), true);
  });

  test('lets one of two concurrent changes win that expect the same generation', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 0 });
    const changes = Array.from({ length: 8 }, (_, x) => store.put(key('a'), { x }, { generation: 1 }));
    const outcomes = await Promise.allSettled(changes);
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal((await store.get(key('a')))?.generation, 2);
  });

  test('counts concurrent additions, each once', async () => {
    const { store, key } = place();
    await Promise.all(Array.from({ length: 100 }, () => store.operate(key('a'), [add('n', 1)])));
    const found = await store.get(key('a'));
    assert.equal(found?.bins['n'], 100);
    assert.equal(found?.generation, 100);
  });

  test('removes a record, and says whether there was one', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 });
    assert.equal(await store.remove(key('a')), true);
    assert.equal(await store.remove(key('a')), false);
    assert.equal(await store.get(key('a')), undefined);
  });

  test('begins anew with generation 1 after a removal', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 });
    await store.put(key('a'), { x: 2 });
    await store.remove(key('a'));
    assert.equal(await store.put(key('a'), { y: 1 }), 1);
    assert.deepEqual((await store.get(key('a')))?.bins, { y: 1 });
  });

  test('refuses what is too large, and leaves the record as it was', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 });
    await assert.rejects(store.put(key('a'), { y: 'x'.repeat(9_000_000) }), refusal('too_large'));
    assert.deepEqual((await store.get(key('a')))?.bins, { x: 1 });
  });

  const bad: [what: string, code: RecordErrorCode, bins: Bins][] = [
    ['no bins', 'invalid_operation', {}],
    ['a name of a bin that is too long', 'invalid_key', { 'a-name-that-is-long': 1 }],
    ['an integer of more than 64 bits', 'invalid_value', { x: 2n ** 63n }],
    ['text with NUL', 'invalid_value', { x: 'a\0b' }],
    ['undefined', 'invalid_value', { x: undefined as unknown as Value }],
    ['a date', 'invalid_value', { x: new Date() as unknown as Value }],
  ];
  for (const [what, code, bins] of bad) {
    test(`refuses ${what}`, async () => {
      const { store, key } = place();
      await assert.rejects(store.put(key('a'), bins), refusal(code));
    });
  }
}

export function lifetimes(place: () => Place): void {
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  test('tells the seconds that a record has left', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 }, { ttl: 100 });
    const ttl = (await store.get(key('a')))?.ttl ?? 0;
    assert.ok(ttl > 95 && ttl <= 100, `${ttl}`);
  });

  test('keeps the time to live over changes that name none', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 }, { ttl: 100 });
    await store.put(key('a'), { x: 2 });
    const { ttl = 0 } = await store.operate(key('a'), [add('x', 1)]);
    assert.ok(ttl > 95 && ttl <= 100, `${ttl}`);
  });

  test('changes the time to live with the record, or alone', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 }, { ttl: 100 });
    await store.put(key('a'), { x: 2 }, { ttl: 'never' });
    assert.equal((await store.get(key('a')))?.ttl, undefined);
    assert.equal(await store.touch(key('a'), 50), 3);
    const ttl = (await store.get(key('a')))?.ttl ?? 0;
    assert.ok(ttl > 45 && ttl <= 50, `${ttl}`);
    await assert.rejects(store.touch(key('b'), 50), refusal('not_found'));
  });

  test('has no record any more that has expired', async () => {
    const { store, key } = place();
    await store.put(key('a'), { x: 1 }, { ttl: 1 });
    await store.put(key('b'), { x: 1 }, { ttl: 1 });
    await sleep(2_100);
    assert.equal(await store.get(key('a')), undefined);
    await assert.rejects(store.put(key('a'), { x: 1 }, { mode: 'update' }), refusal('not_found'));
    assert.equal(await store.put(key('a'), { y: 1 }, { mode: 'create' }), 1);
    const found = await store.get(key('a'));
    assert.deepEqual(found?.bins, { y: 1 });
    assert.equal(found?.ttl, undefined);
    assert.equal(await store.remove(key('b')), false);
  });

  for (const ttl of [0, -1, 1.5, 1e10]) {
    test(`refuses ${ttl} as a time to live`, async () => {
      const { store, key } = place();
      await assert.rejects(store.put(key('a'), { x: 1 }, { ttl }), refusal('invalid_operation'));
    });
  }
}

export function scalarOperations(place: () => Place): void {
  const does = (before: Bins | undefined, operations: Operation[], results: Bins, after: Bins) => async () => {
    const { store, key } = place();
    if (before !== undefined) await store.put(key('a'), before);
    assert.deepEqual((await store.operate(key('a'), operations)).bins, results);
    assert.deepEqual((await store.get(key('a')))?.bins, after);
  };
  const refuses = (before: Bins | undefined, operations: Operation[], code: RecordErrorCode) => async () => {
    const { store, key } = place();
    if (before !== undefined) await store.put(key('a'), before);
    await assert.rejects(store.operate(key('a'), operations), refusal(code));
    assert.deepEqual((await store.get(key('a')))?.bins, before);
  };

  test('makes a record of operations', does(undefined, [add('n', 5), write('t', 'x')], {}, { n: 5, t: 'x' }));
  test('adds to integers', does({ n: 5 }, [add('n', -7), read('n')], { n: -2 }, { n: -2 }));
  test('adds to doubles', does({ n: 1.5 }, [add('n', new Double(2)), read('n')], { n: 3.5 }, { n: 3.5 }));
  test(
    'wraps integers at 64 bits',
    does({ n: 2n ** 63n - 1n }, [add('n', 1), read('n')], { n: -(2n ** 63n) }, { n: -(2n ** 63n) }),
  );
  test('appends to text and puts before it', does({ t: 'b' }, [append('t', 'c'), prepend('t', 'a')], {}, { t: 'abc' }));
  test(
    'appends to bytes',
    does(
      { b: Buffer.from('b') },
      [append('b', Buffer.from('c')), read('b')],
      { b: Buffer.from('bc') },
      {
        b: Buffer.from('bc'),
      },
    ),
  );
  test('makes text of what is appended to nothing', does({ x: 1 }, [append('t', 'c')], {}, { x: 1, t: 'c' }));
  test(
    'does operations in their order',
    does({ n: 1 }, [write('n', 10), add('n', 1), read('n')], { n: 11 }, { n: 11 }),
  );
  test('removes a bin that null is written to', does({ x: 1, y: 2 }, [write('x', null)], {}, { y: 2 }));
  test('refuses to add to text', refuses({ t: 'x' }, [add('t', 1)], 'bin_type'));
  test('refuses to add a double to an integer', refuses({ n: 1 }, [add('n', 0.5)], 'bin_type'));
  test('refuses to append text to bytes', refuses({ b: Buffer.from('x') }, [append('b', 'x')], 'bin_type'));
  test('refuses a list operation on a number', refuses({ n: 1 }, [list.append('n', [1])], 'bin_type'));
  test('refuses a map operation on a list', refuses({ l: [1] }, [map.put('l', { a: 1 })], 'bin_type'));
  test(
    'does none of the operations when one is refused',
    refuses({ n: 1, t: 'x' }, [add('n', 1), add('t', 1)], 'bin_type'),
  );
  test('refuses to be asked for nothing', refuses({ n: 1 }, [], 'invalid_operation'));

  test('changes nothing with reading operations alone', async () => {
    const { store, key } = place();
    await store.put(key('a'), { n: 1 });
    const { bins, generation } = await store.operate(key('a'), [read('n')]);
    assert.deepEqual(bins, { n: 1 });
    assert.equal(generation, 1);
    assert.equal((await store.get(key('a')))?.generation, 1);
    await assert.rejects(store.operate(key('b'), [read('n')]), refusal('not_found'));
  });

  test('gives a touched record a new generation', async () => {
    const { store, key } = place();
    await store.put(key('a'), { n: 1 });
    assert.equal((await store.operate(key('a'), [touch()])).generation, 2);
    await assert.rejects(store.operate(key('b'), [touch()]), refusal('not_found'));
  });

  test('creates or updates only, when told so', async () => {
    const { store, key } = place();
    await assert.rejects(store.operate(key('a'), [add('n', 1)], { mode: 'update' }), refusal('not_found'));
    await store.operate(key('a'), [add('n', 1)], { mode: 'create' });
    await assert.rejects(store.operate(key('a'), [add('n', 1)], { mode: 'create' }), refusal('exists'));
    assert.deepEqual((await store.get(key('a')))?.bins, { n: 1 });
  });
}

/** Batches, scans and queries. */
export function manyRecords(place: () => Place): void {
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
}

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
