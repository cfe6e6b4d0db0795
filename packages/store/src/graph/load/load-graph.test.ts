import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import fc from 'fast-check';
import { openMemoryStore } from '../../ordered/open-ordered-store.ts';
import { openEmbeddedRecords } from '../../records/embedded/embedded-records.ts';
import type { RecordStore } from '../../records/record-store.ts';
import type { EdgeUpsert } from '../element.ts';
import { type Graph, openGraph } from '../graph.ts';
import { directions } from '../testing/directions.ts';
import { exportGraph } from './export-graph.ts';
import { type LoadItem, loadGraph } from './load-graph.ts';
import { itemsOfCsv, itemsOfJsonLines } from './read-items.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);

function opened(records: RecordStore, name: string): Promise<Graph> {
  return openGraph({ records, namespace: 'test', name, pageBytesMax: 512 });
}

function items(edges: readonly EdgeUpsert[]): LoadItem[] {
  return edges.map((edge) => ({ type: 'edge', edge }));
}

async function text(graph: Graph, format: 'jsonl' | 'csv' | 'graphml'): Promise<string> {
  let all = '';
  for await (const part of exportGraph(graph, format)) all += part;
  return all;
}

async function* linesOf(all: string): AsyncGenerator<string> {
  for (const line of all.split('\n')) yield line;
}

const id = fc.constantFrom('a', 'b', 'c', 'ä', 'hub', 'hub', 'hub');
const edge = fc.record({
  from: id,
  label: fc.constantFrom('x', 'y'),
  to: fc.oneof(id, fc.integer({ min: 0, max: 60 }).map(String)),
  key: fc.constantFrom('', 'k'),
  weight: fc.option(fc.integer(), { nil: undefined }),
  properties: fc.constantFrom({}, { note: 'n' }),
});

test('what is loaded, in parts or onto what is there, is what upserts one by one leave', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(edge, { maxLength: 20 }),
      fc.array(edge, { maxLength: 100 }),
      fc.constantFrom(1, 13, 1_000),
      async (before, edges, edgesInMemory) => {
        await using records = await openEmbeddedRecords({ store: openMemoryStore() });
        await using loaded = await opened(records, 'loaded');
        await using upserted = await opened(records, 'upserted');
        for (const graph of [loaded, upserted]) await graph.upsertEdges(before);
        for (const each of edges) await upserted.upsertEdge(each);
        assert.equal((await loadGraph(loaded, items(edges), { edgesInMemory })).edges, edges.length);
        const seen = await directions(loaded);
        assert.deepEqual(seen, await directions(upserted));
        for (const { out, into } of seen) assert.deepEqual(out, into);
        for (const label of ['x', 'y']) {
          assert.equal(await loaded.degree('hub', 'out', label), await upserted.degree('hub', 'out', label));
        }
      },
    ),
    { numRuns: Math.ceil(60 * scale) },
  );
});

test('a graph that was exported as JSON lines and loaded is the same graph', async () => {
  await using records = await openEmbeddedRecords({ store: openMemoryStore() });
  await using graph = await opened(records, 'first');
  await graph.upsertVertex({ id: 'a', label: 'person', properties: { name: 'Ada "A" Lovelace' } });
  await graph.upsertEdges([
    { from: 'a', label: 'pays', to: 'b', weight: 1.5, time: 7, properties: { note: 'x,y' } },
    { from: 'a', label: 'pays', to: 'b', key: '2' },
  ]);
  const lines = await text(graph, 'jsonl');
  await using again = await opened(records, 'again');
  await loadGraph(again, itemsOfJsonLines(linesOf(lines)));
  assert.equal(await text(again, 'jsonl'), lines);
  assert.match(await text(graph, 'csv'), /^a,pays,b,,1.5,7,,"\{""note"":""x,y""\}"$/m);
  assert.match(await text(graph, 'graphml'), /<node id="a"><data key="label">person<\/data>/);
  assert.match(
    await text(graph, 'graphml'),
    /source="a" target="b"><data key="label">pays<\/data><data key="weight">1.5</,
  );
});

test('lines of CSV are edges, by the columns that are named', async () => {
  const lines = linesOf('id,source,target,value,note\n1,a,b,2.5,"x, ""y"""\n2,a,c,,\n');
  const columns = { from: 'source', to: 'target', key: 'id', weight: 'value', label: 'pays' };
  const found: LoadItem[] = [];
  for await (const item of itemsOfCsv(lines, columns)) found.push(item);
  const rest = { label: 'pays', time: undefined };
  assert.deepEqual(found, [
    { type: 'edge', edge: { ...rest, from: 'a', to: 'b', key: '1', weight: 2.5, properties: { note: 'x, "y"' } } },
    { type: 'edge', edge: { ...rest, from: 'a', to: 'c', key: '2', weight: undefined, properties: {} } },
  ]);
});

test('a line that can not be read is refused with its number', async () => {
  const read = async (all: AsyncIterable<LoadItem>): Promise<void> => {
    for await (const _ of all);
  };
  const refused = (error: unknown): boolean => isMillraceError(error, 'invalid_line') && /line 2/.test(error.message);
  await assert.rejects(read(itemsOfJsonLines(linesOf('{"id":"a"}\nnonsense'))), refused);
  await assert.rejects(read(itemsOfCsv(linesOf('from,to\na'), { from: 'from', to: 'to' })), refused);
});
