/** Components against those of a plain search, with writers beside each other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openMemoryStore } from '../../ordered/open-ordered-store.ts';
import { openEmbeddedRecords } from '../../records/embedded/embedded-records.ts';
import { openGraph } from '../graph.ts';
import { Components } from './components.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const ids = Array.from({ length: 12 }, (_, n) => `v${n}`);
const pair = fc.record({ from: fc.constantFrom(...ids), to: fc.constantFrom(...ids) });

/** The smallest id that each is connected with. */
function plain(edges: readonly { from: string; to: string }[]): string[] {
  const names = new Map(ids.map((id) => [id, id]));
  for (let changed = true; changed; ) {
    changed = false;
    for (const { from, to } of edges) {
      const [one, other] = [names.get(from) as string, names.get(to) as string];
      if (one === other) continue;
      changed = true;
      names.set(from, one < other ? one : other);
      names.set(to, one < other ? one : other);
    }
  }
  return ids.map((id) => names.get(id) as string);
}

test('components are those of a plain search, whoever adds edges beside each other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(pair, { maxLength: 20 }), fc.integer({ min: 1, max: 4 }), async (edges, writers) => {
      await using records = await openEmbeddedRecords({ store: openMemoryStore() });
      await using graph = await openGraph({ records, namespace: 'test', name: 'g' });
      await Promise.all(
        Array.from({ length: writers }, (_, writer) =>
          new Components(graph).add(edges.filter((_edge, index) => index % writers === writer)),
        ),
      );
      const components = new Components(graph);
      const expected = plain(edges);
      assert.deepEqual(await components.of(ids), expected);
      assert.equal(await components.areConnected('v0', 'v1'), expected[0] === expected[1]);
      const listed = [...(await components.all())].flatMap(([root, members]) => members.map((id) => `${id} ${root}`));
      const larger = ids.filter((_, at) => expected.filter((root) => root === expected[at]).length > 1);
      assert.deepEqual(listed.sort(), larger.map((id) => `${id} ${expected[ids.indexOf(id)]}`).sort());
    }),
    { numRuns: Math.ceil(60 * scale) },
  );
});
