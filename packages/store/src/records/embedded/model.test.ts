/**
 * The embedded store against a model (a map of plain records and a clock): any sequence of changes, reads, expiries,
 * sweeps and crashes answers as the model does.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import fc from 'fast-check';
import { MemoryVolume } from '../../ordered/memory-engine.ts';
import { openMemoryStore } from '../../ordered/open-ordered-store.ts';
import { add, list, map, type Operation } from '../operation.ts';
import type { Bins, OperateOptions, PutOptions, RecordStore } from '../record-store.ts';
import { ManualTime } from '../testing/manual-time.ts';
import type { Value } from '../value.ts';
import { openEmbeddedRecords } from './embedded-records.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const place = { namespace: 'test', set: 'set' };
const index = { namespace: 'test', name: 'by-n' };

interface Modelled {
  readonly bins: { readonly [bin: string]: Value };
  readonly generation: number;
  /** 0 for never. */
  readonly expiresAt: number;
}

/** What a store must hold. */
class Model {
  #records = new Map<string, Modelled>();

  live(key: string, now: number): Modelled | undefined {
    const record = this.#records.get(key);
    return record !== undefined && (record.expiresAt === 0 || now < record.expiresAt) ? record : undefined;
  }

  /** The new generation, or the code of the refusal. */
  change(key: string, now: number, options: PutOptions, next: (before: Bins) => Bins): number | string {
    const before = this.live(key, now);
    if (before !== undefined && options.mode === 'create') return 'exists';
    if (before === undefined && options.mode === 'update') return 'not_found';
    if (options.generation !== undefined && options.generation !== before?.generation) return 'generation';
    const bins = Object.fromEntries(Object.entries(next(before?.bins ?? {})).filter(([, value]) => value !== null));
    const generation = (before?.generation ?? 0) + 1;
    const kept = before?.expiresAt ?? 0;
    const expiresAt = typeof options.ttl === 'number' ? now + options.ttl * 1_000 : options.ttl === 'never' ? 0 : kept;
    if (Object.keys(bins).length === 0) {
      this.#records.delete(key);
      return before === undefined ? 'not_found' : 0;
    }
    this.#records.set(key, { bins, generation, expiresAt });
    return generation;
  }

  remove(key: string, now: number): boolean {
    const was = this.live(key, now) !== undefined;
    this.#records.delete(key);
    return was;
  }

  all(now: number): [string, Modelled][] {
    return [...this.#records].filter(([key]) => this.live(key, now) !== undefined);
  }
}

const key = fc.constantFrom('a', 'b', 'c', 'd');
const ttl = fc.constantFrom<PutOptions['ttl'][]>(undefined, undefined, 'never', 'keep', 1, 3);
const options = fc.record({
  mode: fc.constantFrom<OperateOptions['mode'][]>(undefined, undefined, 'create', 'update'),
  generation: fc.constantFrom(undefined, undefined, undefined, 1, 2),
  ttl,
});
const number = fc.integer({ min: -3, max: 3 });
const step = fc.oneof(
  fc.record({ type: fc.constant('put' as const), key, n: fc.option(number), options, replace: fc.boolean() }),
  fc.record({ type: fc.constant('operate' as const), key, n: number, options }),
  fc.record({ type: fc.constant('remove' as const), key }),
  fc.record({ type: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 2_500 }) }),
  fc.constant({ type: 'crash' as const }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Does a step on both, and compares what they answer. */
async function take(
  each: Exclude<Step, { type: 'crash' }>,
  store: RecordStore,
  model: Model,
  time: ManualTime,
): Promise<void> {
  if (each.type === 'pass') return time.pass(each.ms);
  const at = { ...place, key: each.key };
  if (each.type === 'remove') {
    assert.equal(await store.remove(at), model.remove(each.key, time.now()));
    return;
  }
  if (each.type === 'put') {
    const put: PutOptions =
      each.replace && each.options.mode === undefined ? { ...each.options, mode: 'replace' } : each.options;
    const bins = { n: each.n, other: 'x' };
    const expected = model.change(each.key, time.now(), put, (before) =>
      put.mode === 'replace' ? bins : { ...before, ...bins },
    );
    assert.equal(await codeOr(store.put(at, bins, put)), expected);
    return;
  }
  const operations: Operation[] = [add('n', each.n), list.append('l', [each.n]), map.increment('m', `k${each.n}`)];
  const expected = model.change(each.key, time.now(), each.options, ({ n, l, m, ...rest }) => ({
    ...rest,
    n: Number(n ?? 0) + each.n,
    l: [...((l ?? []) as number[]), each.n],
    m: {
      ...(m as Record<string, number>),
      [`k${each.n}`]: ((m ?? {}) as Record<string, number>)[`k${each.n}`]! + 1 || 1,
    },
  }));
  assert.equal(
    await codeOr(store.operate(at, operations, each.options).then(({ generation }) => generation)),
    expected,
  );
}

async function codeOr<T>(answer: Promise<T>): Promise<T | string> {
  try {
    return await answer;
  } catch (error) {
    if (isMillraceError(error)) return error.code;
    throw error;
  }
}

async function compare(store: RecordStore, model: Model, time: ManualTime): Promise<void> {
  const expected = model.all(time.now());
  const { records } = await store.scan(place);
  assert.deepEqual(
    records.map(({ key: found, bins, generation }) => [found.key, bins, generation]),
    expected.map(([name, { bins, generation }]) => [name, bins, generation]).sort(),
  );
  for (const wanted of [-1, 0, 2]) {
    const found = await store.query({ index, where: { from: wanted, to: wanted + 1 } });
    const fitting = expected.filter(([, { bins }]) => bins['n'] === wanted || bins['n'] === wanted + 1);
    assert.deepEqual(found.records.map((record) => record.key.key).sort(), fitting.map(([name]) => name).sort());
  }
}

test('a store answers as a map of records does, whatever is changed, expires and crashes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const time = new ManualTime();
      const volume = new MemoryVolume();
      const open = (): Promise<RecordStore> =>
        openEmbeddedRecords({ store: openMemoryStore({ volume }), clock: time, timers: time });
      let store = await open();
      await store.createIndex({ ...place, bin: 'n', name: index.name, type: 'integer' });
      const model = new Model();
      for (const each of steps) {
        if (each.type === 'crash') {
          volume.crash();
          store = await open();
        } else {
          await take(each, store, model, time);
        }
        await compare(store, model, time);
      }
    }),
    { numRuns: Math.ceil(60 * scale) },
  );
});
