/**
 * Ordered stores against a model (a sorted list of keys), on both engines: any sequence of batches, reads, ranges and
 * reopenings answers as the model does.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import fc from 'fast-check';
import { MemoryVolume } from './memory-engine.ts';
import { openMemoryStore, openOrderedStore } from './open-ordered-store.ts';
import type { OrderedSpace, OrderedStore } from './ordered-store.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const key = (text: string): Buffer => Buffer.from(text);

interface Home extends AsyncDisposable {
  open(): OrderedStore;
}

async function homeOnDisk(rebuildable = false): Promise<Home> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-ordered-'));
  return {
    open: () => openOrderedStore({ directory, rebuildable }),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}

async function homeInMemory(): Promise<Home> {
  const volume = new MemoryVolume();
  return { open: () => openMemoryStore({ volume }), [Symbol.asyncDispose]: async () => undefined };
}

const homes = [
  ['in memory', () => homeInMemory()],
  ['on disk', () => homeOnDisk()],
  ['on disk, rebuildable', () => homeOnDisk(true)],
] as const;

type Change =
  | { readonly type: 'put'; readonly space: number; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly space: number; readonly key: Uint8Array }
  | { readonly type: 'range'; readonly space: number; readonly from: Uint8Array; readonly to: Uint8Array };

const spaces = ['', 'a', 'b'].map((name) => `space ${name}`);
const space = fc.nat(spaces.length - 1);
/** Few keys, many collisions; empty ones and those of 0xff among them. */
const keys = fc.uint8Array({ maxLength: 3 }).map((bytes) => bytes.map((byte) => (byte > 200 ? 0xff : byte % 4)));
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('put' as const), space, key: keys, value: fc.uint8Array() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('delete' as const), space, key: keys }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('range' as const), space, from: keys, to: keys }) },
);
const query = fc.record({
  space,
  from: fc.option(keys, { nil: undefined }),
  to: fc.option(keys, { nil: undefined }),
  reverse: fc.boolean(),
  limit: fc.option(fc.nat(5), { nil: undefined }),
});
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant('write' as const), changes: fc.array(change, { maxLength: 12 }) }),
  },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('query' as const), query }) },
  { weight: 1, arbitrary: fc.constant({ type: 'reopen' as const }) },
);

/** What a store must hold: for each space its keys in hex with their values. */
class Model {
  readonly #spaces = spaces.map(() => new Map<string, Buffer>());

  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      const entries = this.#spaces[change.space] as Map<string, Buffer>;
      if (change.type === 'put') entries.set(hex(change.key), Buffer.from(change.value));
      else if (change.type === 'delete') entries.delete(hex(change.key));
      else for (const each of [...entries.keys()]) if (isWithin(each, change.from, change.to)) entries.delete(each);
    }
  }

  get(space: number, key: Uint8Array): Buffer | undefined {
    return this.#spaces[space]?.get(hex(key));
  }

  range({ space, from, to, reverse, limit }: Query): { key: string; value: Buffer }[] {
    const found = [...(this.#spaces[space] as Map<string, Buffer>)]
      .filter(([each]) => isWithin(each, from, to))
      .sort(([left], [right]) => Buffer.compare(Buffer.from(left, 'hex'), Buffer.from(right, 'hex')))
      .map(([each, value]) => ({ key: each, value }));
    return (reverse ? found.reverse() : found).slice(0, limit);
  }
}

type Query = typeof query extends fc.Arbitrary<infer T> ? T : never;

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function isWithin(each: string, from: Uint8Array | undefined, to: Uint8Array | undefined): boolean {
  const bytes = Buffer.from(each, 'hex');
  return (!from || Buffer.compare(bytes, from) >= 0) && (!to || Buffer.compare(bytes, to) < 0);
}

async function write(store: OrderedStore, changes: readonly Change[]): Promise<void> {
  const batch = store.batch();
  for (const change of changes) {
    const space = store.space(spaces[change.space] ?? '');
    if (change.type === 'put') batch.put(space, change.key, change.value);
    else if (change.type === 'delete') batch.delete(space, change.key);
    else batch.deleteRange(space, change);
  }
  await store.write(batch);
}

function entriesOf(space: OrderedSpace, options: Omit<Query, 'space'> = {} as Query): { key: string; value: Buffer }[] {
  return [...space.range(options)].map(({ key: each, value }) => ({ key: hex(each), value }));
}

for (const [where, makeHome] of homes) {
  describe(`an ordered store ${where}`, () => {
    test('answers as a sorted map does, whatever is written, deleted and reopened', async () => {
      const runs = Math.ceil((where === 'in memory' ? 200 : 30) * scale);
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
          await using home = await makeHome();
          let store = home.open();
          const model = new Model();
          for (const each of steps) {
            if (each.type === 'write') {
              model.apply(each.changes);
              await write(store, each.changes);
              for (const { space: number, ...change } of each.changes) {
                if (change.type === 'range') continue;
                const found = store.space(spaces[number] ?? '').get(change.key);
                assert.deepEqual(found, model.get(number, change.key));
              }
            } else if (each.type === 'query') {
              const found = entriesOf(store.space(spaces[each.query.space] ?? ''), each.query);
              assert.deepEqual(found, model.range(each.query));
            } else {
              await store.close();
              store = home.open();
            }
          }
          await store.close();
        }),
        { numRuns: runs },
      );
    });

    test('applies batches in the order of their calls, also when nobody waits for them', async () => {
      await using home = await makeHome();
      await using store = home.open();
      const space = store.space('one');
      const writes = Array.from({ length: 50 }, (_, number) => {
        const batch = store.batch();
        if (number % 7 === 6) batch.deleteRange(space);
        batch.put(space, key('last'), key(String(number)));
        batch.put(space, key(`of ${number}`), key(''));
        return store.write(batch);
      });
      await Promise.all(writes);
      assert.equal(space.get(key('last'))?.toString(), '49');
      // The last range was deleted by batch 48, before its own puts.
      assert.deepEqual(
        entriesOf(space).map((each) => Buffer.from(each.key, 'hex').toString()),
        ['last', 'of 48', 'of 49'],
      );
    });

    test('iterates over a snapshot while it is written to', async () => {
      await using home = await makeHome();
      await using store = home.open();
      const space = store.space('one');
      const batch = store.batch();
      for (let number = 0; number < 300; number++) batch.put(space, Buffer.of(number >> 8, number), key('before'));
      await store.write(batch);
      const seen: string[] = [];
      for (const { key: each, value } of space.range()) {
        seen.push(value.toString());
        if (each.readUInt16BE() === 100) {
          const more = store.batch();
          more.deleteRange(space, { from: Buffer.of(0, 200) });
          more.put(space, Buffer.of(0, 150), key('after'));
          await store.write(more);
          assert.equal(space.get(Buffer.of(0, 150))?.toString(), 'after');
        }
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 300 }, () => 'before'),
      );
    });

    test('can break off an iteration, and go on', async () => {
      await using home = await makeHome();
      await using store = home.open();
      await write(store, [{ type: 'put', space: 0, key: key('a'), value: key('1') }]);
      for (const _ of store.space(spaces[0] ?? '').range()) break;
      await write(store, [{ type: 'put', space: 0, key: key('b'), value: key('2') }]);
      assert.equal(entriesOf(store.space(spaces[0] ?? '')).length, 2);
    });

    test('keeps what it has answered when the value changes later', async () => {
      await using home = await makeHome();
      await using store = home.open();
      const space = store.space('one');
      await write(store, [{ type: 'put', space: 0, key: key('a'), value: key('first') }]);
      const answered = store.space(spaces[0] ?? '').get(key('a'));
      await write(store, [{ type: 'put', space: 0, key: key('a'), value: key('other') }]);
      space.get(key('b'));
      assert.equal(answered?.toString(), 'first');
    });

    test('finds many keys at once, in their order', async () => {
      await using home = await makeHome();
      await using store = home.open();
      const space = store.space('one');
      const batch = store.batch();
      batch.put(space, key('a'), key('1'));
      batch.put(space, key('c'), key('3'));
      await store.write(batch);
      const found = space.getMany([key('c'), key('b'), key('a')]);
      assert.deepEqual(found.map(String), ['3', 'undefined', '1']);
      assert.equal(space.has(key('a')), true);
      assert.equal(space.has(key('b')), false);
    });

    test('knows its spaces again, and tells their keys apart', async () => {
      await using home = await makeHome();
      const first = home.open();
      const batch = first.batch();
      for (const name of ['one', 'two', 'three']) batch.put(first.space(name), key('key'), key(name));
      await first.write(batch);
      await first.close();
      await using store = home.open();
      assert.deepEqual(store.spaces(), ['one', 'three', 'two']);
      assert.equal(store.space('four').get(key('key')), undefined);
      for (const name of ['one', 'two', 'three']) assert.equal(store.space(name).get(key('key'))?.toString(), name);
    });

    test('takes keys up to its limit, and refuses longer ones', async () => {
      await using home = await makeHome();
      await using store = home.open();
      const space = store.space('one');
      const longest = Buffer.alloc(store.traits.keyBytesMax, 7);
      const batch = store.batch();
      batch.put(space, longest, key('fits'));
      assert.throws(
        () => batch.put(space, Buffer.alloc(longest.length + 1), key('')),
        (error) => isMillraceError(error, 'key_too_long'),
      );
      await store.write(batch);
      assert.equal(space.get(longest)?.toString(), 'fits');
    });

    test('holds values of many pages', async () => {
      await using home = await makeHome();
      await using store = home.open();
      const value = Buffer.alloc(3_000_000, 'abcdefg');
      const batch = store.batch();
      batch.put(store.space('one'), key('large'), value);
      await store.write(batch);
      assert.deepEqual(store.space('one').get(key('large')), value);
    });

    test('refuses all calls once it is closed', async () => {
      await using home = await makeHome();
      const store = home.open();
      const space = store.space('one');
      const batch = store.batch();
      batch.put(space, key('a'), key('1'));
      await store.close();
      assert.throws(
        () => space.get(key('a')),
        (error) => isMillraceError(error, 'store_closed'),
      );
      await assert.rejects(store.write(batch), (error) => isMillraceError(error, 'store_closed'));
      await store.close();
    });

    test('is open once at a time', async () => {
      await using home = await makeHome();
      await using _store = home.open();
      assert.throws(
        () => home.open(),
        (error) => isMillraceError(error, 'store_in_use'),
      );
    });
  });
}
