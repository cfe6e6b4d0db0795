import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { seededRandomness } from '@millrace/base';
import type { Severity } from '../line/severity.ts';
import { isAskedFor, type LineQuery } from './line-query.ts';
import { termsOf } from './line-words.ts';
import type { StoredLine } from './log-block.ts';
import { LogStore } from './log-store.ts';

function newDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-segments-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const words = 'payment order cart Timeout refused 10.0.0.1 user-7 ok größe'.split(' ');
const severities: readonly (Severity | undefined)[] = ['info', 'error', undefined];

function lines(count: number, seed: number): StoredLine[] {
  const random = seededRandomness(seed);
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)] as T;
  const next = [0, 0, 0];
  return Array.from({ length: count }, (_, n) => {
    const partition = random.integer(3);
    const offset = next[partition] as number;
    next[partition] = offset + 1 + random.integer(2);
    const severity = pick(severities);
    const time = 1_000_000 + n * 10 - random.integer(5_000);
    return {
      ...{ partition, offset, template: `t${random.integer(5)}` },
      line: {
        ...{ time, received: time + 5, body: `${pick(words)} ${pick(words)} ${random.integer(100)}` },
        ...(severity === undefined ? {} : { severity }),
        ...(random.integer(4) === 0 ? { attributes: { order: random.integer(50) } } : {}),
        labels: { service: pick(['shop', 'db']), host: pick(['a', 'b', 'c']) },
      },
    };
  });
}

const queries: readonly LineQuery[] = [
  {},
  { terms: termsOf('timeout') },
  { terms: termsOf('"payment refused"') },
  { terms: termsOf('ord* 10.0.0.1') },
  { terms: termsOf('GRÖSSE größe') },
  { terms: termsOf('order 17') },
  { labels: { service: 'db', host: 'b' } },
  { templates: new Set(['t3']), severities: new Set(['error']) },
  { from: 1_020_000, until: 1_060_000, terms: termsOf('ok') },
];

test('finds what a look at every line finds, from memory, segments and after a restart', async (t) => {
  const directory = newDirectory(t);
  const all = lines(9_000, 1);
  const options = { directory, segmentLinesMax: 4_096, retentionMs: Number.MAX_SAFE_INTEGER };
  let store = await LogStore.open(options);
  for (const [n, stored] of all.entries()) {
    assert.equal(store.append(stored), true);
    assert.equal(store.append(stored), false);
    if (n % 1_700 === 0) await store.seal();
  }
  const check = async (): Promise<void> => {
    for (const query of queries) {
      const wanted = all.filter((each) => isAskedFor(query, each)).toSorted(newestFirst);
      const found: StoredLine[] = [];
      for (let more = true; more; ) {
        const last = found.at(-1);
        const page = await store.search(query, 700, last && { ...last, time: last.line.time });
        found.push(...page.lines);
        more = page.hasMore;
      }
      assert.deepEqual(found, wanted);
    }
  };
  await check();
  await store.seal();
  await store[Symbol.asyncDispose]();
  store = await LogStore.open(options);
  t.after(() => store[Symbol.asyncDispose]());
  await check();
  for (const partition of [0, 1, 2]) {
    assert.equal(
      store.next(partition),
      Math.max(...all.filter((each) => each.partition === partition).map(({ offset }) => offset)) + 1,
    );
  }
  assert.ok(readdirSync(directory).length <= 5, 'small segments are put together');
  const { blocksRead, blocksLeftOut } = await store.search({ terms: termsOf('nowhere') }, 10);
  assert.equal(blocksRead, 0);
  assert.ok(blocksLeftOut > 3);
});

test('old segments go, and where the store is stays known', async (t) => {
  const directory = newDirectory(t);
  let now = 1_010_000;
  const open = (): Promise<LogStore> =>
    LogStore.open({ directory, segmentLinesMax: 100, retentionMs: 50_000, now: () => now });
  const store = await open();
  for (const stored of lines(1_000, 2)) {
    store.append(stored);
    if (stored.offset % 50 === 0) await store.seal();
  }
  await store.seal();
  const before = store.stats.lines;
  now = 10_000_000;
  store.append({ partition: 9, offset: 7, template: 't', line: { time: now, received: now, body: 'new', labels: {} } });
  await store.seal();
  assert.ok(before > 500);
  assert.ok(store.stats.lines <= 100, `${store.stats.lines} lines are left`);
  const next = [0, 1, 2, 9].map((partition) => store.next(partition));
  await store[Symbol.asyncDispose]();
  const again = await open();
  t.after(() => again[Symbol.asyncDispose]());
  assert.deepEqual(
    [0, 1, 2, 9].map((partition) => again.next(partition)),
    next,
  );
});

test('a damaged segment is told by name', async (t) => {
  const directory = newDirectory(t);
  writeFileSync(join(directory, 'segment-0000000001.logs'), 'not a segment at all');
  await assert.rejects(LogStore.open({ directory }), { code: 'segment_damaged' });
});

function newestFirst(a: StoredLine, b: StoredLine): number {
  return b.line.time - a.line.time || b.partition - a.partition || b.offset - a.offset;
}
