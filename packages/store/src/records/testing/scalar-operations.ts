/** The part of the suite about operations on numbers, text and bytes, and about `operate` itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { add, append, list, map, type Operation, prepend, read, touch, write } from '../operation.ts';
import type { RecordErrorCode } from '../record-error.ts';
import type { Bins } from '../record-store.ts';
import { Double } from '../value.ts';
import { refusal, suite } from './suite.ts';

export const scalarOperations = suite('operations', (place) => {
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
  test(
    'adds bigints',
    does({ n: 1 }, [add('n', 2n ** 62n + 7n), read('n')], { n: 2n ** 62n + 8n }, { n: 2n ** 62n + 8n }),
  );
  test('adds bigints to nothing', does(undefined, [add('n', -(2n ** 62n) - 7n)], {}, { n: -(2n ** 62n) - 7n }));
  test('refuses to add an integer to a double', refuses({ n: 1.5 }, [add('n', 1)], 'bin_type'));
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
});
