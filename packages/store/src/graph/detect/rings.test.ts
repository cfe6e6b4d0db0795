/**
 * Rings as they close, against all rings that a search over the whole graph finds; and on transfers of AMLSim where the
 * files are there (`../shared/data/graph/amlsim/20K_cycle200` beside the project).
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { openMemoryStore } from '../../ordered/open-ordered-store.ts';
import { openEmbeddedRecords } from '../../records/embedded/embedded-records.ts';
import type { EdgeUpsert } from '../element.ts';
import { openGraph } from '../graph.ts';
import type { Ring } from './find-rings.ts';
import { RingWatch, type RingWatchOptions } from './ring-watch.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const amlsim = fileURLToPath(
  new URL('../../../../../../shared/data/graph/amlsim/20K_cycle200/transactions.csv', import.meta.url),
);

/** What each edge closes, one after the other, by a search that knows nothing of the graph package. */
function ringsOf(edges: readonly EdgeUpsert[], lengthMax: number): Map<string, string> {
  const found = new Map<string, string>();
  const out = new Map<string, Set<string>>();
  for (const { from, to, weight, key } of edges) {
    const at = (id: string): string => `${weight} ${id}`;
    out.set(at(from), (out.get(at(from)) ?? new Set()).add(to));
    const follow = (way: readonly string[]): void => {
      const last = way.at(-1) as string;
      for (const next of out.get(at(last)) ?? []) {
        if (next === from && way.length >= 2) {
          const smallest = way.indexOf([...way].sort()[0] as string);
          const id = [...way.slice(smallest), ...way.slice(0, smallest)].join();
          if (!found.has(id)) found.set(id, String(key));
        } else if (way.length < lengthMax && !way.includes(next)) follow([...way, next]);
      }
    };
    if (from !== to) follow([from, to]);
  }
  return found;
}

async function watched(
  edges: readonly EdgeUpsert[],
  options: Omit<RingWatchOptions, 'label'>,
  atATime: number,
): Promise<Ring[]> {
  await using records = await openEmbeddedRecords({ store: openMemoryStore() });
  await using graph = await openGraph({ records, namespace: 'test', name: 'rings' });
  const watch = new RingWatch(graph, { label: 'pays', ...options });
  const rings: Ring[] = [];
  for (let first = 0; first < edges.length; first += atATime) {
    const closed = await watch.add(edges.slice(first, first + atATime));
    assert.deepEqual(closed.unfinished, []);
    rings.push(...closed.rings);
  }
  return rings;
}

const transfer = fc.record({
  from: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  to: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  weight: fc.constantFrom(1, 2),
});

test('each ring of equal weights is told once, with the edge that closes it, and no other is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(transfer, { maxLength: 40 }), fc.integer({ min: 2, max: 5 }), async (some, lengthMax) => {
      const edges = some.map((edge, index) => ({ ...edge, label: 'pays', key: String(index) }));
      const rings = await watched(edges, { lengthMax, weightTolerance: 0 }, 1);
      const found = rings.map(({ vertices, closing }) => [vertices.join(), closing.key]);
      assert.deepEqual(found.sort(), [...ringsOf(edges, lengthMax)].sort());
    }),
    { numRuns: Math.ceil(100 * scale) },
  );
});

test('edges that come together close rings once', async () => {
  const ring = [
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'a'],
  ];
  const edges = ring.map(([from, to]) => ({ from: from as string, label: 'pays', to: to as string, weight: 5 }));
  assert.deepEqual(
    (await watched(edges, {}, 3)).map(({ vertices }) => vertices),
    [['a', 'b', 'c']],
  );
});

test('a ring whose edges lie too far apart in time is none', async () => {
  const edges = [
    { from: 'a', label: 'pays', to: 'b', time: 1_000 },
    { from: 'b', label: 'pays', to: 'a', time: 3_000 },
  ];
  assert.deepEqual(await watched(edges, { windowMs: 1_999 }, 1), []);
  assert.equal((await watched(edges, { windowMs: 2_000 }, 1)).length, 1);
});

test('the rings of equal amounts in AMLSim are found as they close, with no false one', {
  skip: existsSync(amlsim) ? false : `needs ${amlsim}`,
}, async () => {
  const [, ...lines] = readFileSync(amlsim, 'utf8').trim().split('\n');
  const edges = lines.map((line, index) => {
    const [from, to, weight, time] = line.split(',') as [string, string, string, string];
    return { from, label: 'pays', to, key: String(index), weight: Number(weight), time: Number(time) };
  });
  assert.equal(edges.length, 117_805);
  const rings = await watched(edges, { lengthMax: 10, weightTolerance: 0 }, 250);
  const expected = ringsOf(edges, 10);
  assert.equal(expected.size, 21);
  const found = rings.map(({ vertices }) => vertices.join());
  assert.deepEqual(found.sort(), [...expected.keys()].sort());
});
