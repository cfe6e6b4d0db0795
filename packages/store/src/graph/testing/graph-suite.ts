/** What holds of a graph on any record store. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import { type SuitePart, suite } from '../../records/testing/suite.ts';
import type { Edge, Vertex } from '../element.ts';
import { type Graph, type GraphOptions, openGraph } from '../graph.ts';
import { P } from '../traversal/predicate.ts';
import { __ } from '../traversal/traversal.ts';
import { directions } from './directions.ts';

export const graphs: SuitePart = suite('graphs', (place) => {
  const open = (options: Partial<GraphOptions> = {}): Promise<Graph> => {
    const { store, namespace, set } = place();
    return openGraph({ records: store, namespace, name: set, pageBytesMax: 2_048, ...options });
  };

  test('a thousand concurrent upserts of one vertex leave one, with all that they set', async () => {
    await using graph = await open();
    const upserts = Array.from({ length: 1_000 }, (_, n) => ({ id: 'a', properties: { [`p${n % 10}`]: n % 10 } }));
    await Promise.all(upserts.map((upsert) => graph.upsertVertex(upsert)));
    const vertices = await all(graph);
    assert.equal(vertices.length, 1);
    assert.deepEqual(Object.keys(vertices[0]?.properties ?? {}).length, 10);
  });

  test('a thousand concurrent upserts of one edge leave one, in both directions', async () => {
    const { store, namespace, set } = place();
    const writers = await Promise.all(
      [1, 2, 3].map(() => openGraph({ records: store, namespace, name: set, writersEndMs: 60_000 })),
    );
    const edge = { from: 'a', label: 'pays', to: 'b' };
    await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => writers[n % 3]?.upsertEdge({ ...edge, weight: n, time: n })),
    );
    const graph = writers[0] as Graph;
    const out = await graph.edges('a', { direction: 'out' });
    assert.equal(out.length, 1);
    assert.deepEqual(await graph.edges('b', { direction: 'in' }), out);
    assert.equal(await graph.degree('a', 'out', 'pays'), 1);
    await Promise.all(writers.map((writer) => writer.close()));
  });

  test('edges of many writers are split over pages, all found from both ends, their number in the head', async () => {
    const { store, namespace, set } = place();
    const options = { records: store, namespace, name: set, pageBytesMax: 1_024, writersEndMs: 60_000 };
    const writers = await Promise.all([openGraph(options), openGraph(options)]);
    const edges = Array.from({ length: 600 }, (_, n) => ({ from: 'hub', label: 'knows', to: `v${n}`, weight: n }));
    for (let first = 0; first < edges.length; first += 100) {
      const some = edges.slice(first, first + 100);
      await Promise.all(some.map((edge, n) => writers[n % 2]?.upsertEdge(edge)));
    }
    const graph = writers[0] as Graph;
    const found = await graph.edges('hub', { direction: 'out' });
    assert.deepEqual(found.map(({ to }) => to).sort(), edges.map(({ to }) => to).sort());
    assert.equal(await graph.degree('hub', 'out', 'knows'), 600);
    await agree(graph);
    await graph.removeEdges(edges.slice(0, 500));
    assert.equal(await graph.degree('hub', 'out', 'knows'), 100);
    assert.equal((await graph.V('hub').out('knows').count().run()).results[0], 100);
    await agree(graph);
    await Promise.all(writers.map((writer) => writer.close()));
  });

  test('an upsert leaves an edge with its attributes alone, and a vertex with its others', async () => {
    await using graph = await open();
    await graph.upsertVertex({ id: 'a', label: 'person', properties: { name: 'Ada', age: 36 } });
    await graph.upsertVertex({ id: 'a', properties: { age: null, city: 'London' } });
    assert.deepEqual(await graph.vertex('a'), {
      id: 'a',
      label: 'person',
      properties: { name: 'Ada', city: 'London' },
    });
    const edge = { from: 'a', label: 'uses', to: 'd', key: 'k' };
    await graph.upsertEdge({ ...edge, weight: 1, properties: { first: true } });
    await graph.upsertEdge({ ...edge, time: 7 });
    const nothing = { weight: undefined, expiresAt: undefined, properties: {} };
    assert.deepEqual(await graph.edges('d'), [{ ...edge, ...nothing, time: 7 }]);
    assert.equal((await graph.vertex('d'))?.label, 'vertex');
  });

  test('an edge that was removed is gone from both ends, and comes back when it is upserted', async () => {
    await using graph = await open();
    const edge = { from: 'a', label: 'pays', to: 'b' };
    await graph.upsertEdge({ ...edge, weight: 1 });
    await graph.removeEdges([edge]);
    assert.deepEqual(await directions(graph), []);
    assert.equal(await graph.degree('a', 'out', 'pays'), 0);
    await graph.upsertEdge({ ...edge, weight: 2 });
    assert.deepEqual(
      (await graph.edges('b')).map(({ weight }) => weight),
      [2],
    );
    await agree(graph);
  });

  test('a removed vertex takes its edges along', async () => {
    await using graph = await open();
    await graph.upsertEdges([
      { from: 'a', label: 'x', to: 'b' },
      { from: 'b', label: 'y', to: 'a' },
      { from: 'b', label: 'y', to: 'c' },
    ]);
    assert.equal(await graph.removeVertex('a'), true);
    assert.equal(await graph.removeVertex('a'), false);
    assert.deepEqual(
      (await graph.edges('b')).map(({ to }) => to),
      ['c'],
    );
    assert.equal(await graph.vertex('a'), undefined);
  });

  test('a hop is one batched read, however many vertices it goes from', async () => {
    await using graph = await open();
    const spokes = Array.from({ length: 200 }, (_, n) => `s${n}`);
    await graph.upsertEdges(spokes.map((id) => ({ from: id, label: 'to', to: `${id}x` })));
    const oneHop = await graph
      .V(...spokes)
      .out('to')
      .id()
      .run();
    assert.equal(oneHop.results.length, 200);
    // The vertices to begin at, and the hop.
    assert.equal(oneHop.reads.batches, 2);
    const twoHops = await graph
      .V(...spokes)
      .out('to')
      .in('to')
      .id()
      .run();
    assert.equal(twoHops.reads.batches, 3);
  });

  test('an answer that a budget cut short says so, and has what was found', async () => {
    await using graph = await open({ pageBytesMax: 1_024 });
    const edges = Array.from({ length: 300 }, (_, n) => ({ from: 'hub', label: 'to', to: `v${n}` }));
    await graph.upsertEdges(edges);
    const cut = await graph.V('hub').out('to').id().run({ fanOutMax: 50 });
    assert.deepEqual([cut.complete, cut.why, cut.results.length], [false, 'fan-out', 50]);
    const late = await graph.V('hub').out('to').in('to').out('to').count().run({ timeMs: 0 });
    assert.deepEqual([late.complete, late.why], [false, 'time']);
    const round = await graph.V('hub').repeat(__.both()).emit().id().run({ loopsMax: 2 });
    assert.deepEqual([round.complete, round.why], [false, 'loops']);
    const whole = await graph.V('hub').out('to').limit(7).id().run();
    assert.deepEqual([whole.complete, whole.results.length], [true, 7]);
    // Few of the pages were read.
    assert.ok(whole.reads.records < 10, `${whole.reads.records} records were read`);
  });

  test('what no graph takes is refused with a code, before anything is written', async () => {
    await using graph = await open();
    const refused = (code: string) => (error: unknown) => isMillraceError(error, code);
    await assert.rejects(graph.upsertVertex({ id: '' }), refused('invalid_element'));
    await assert.rejects(graph.upsertEdge({ from: 'a', label: '', to: 'b' }), refused('invalid_element'));
    const large = { from: 'a', label: 'x', to: 'b', properties: { text: 'x'.repeat(70_000) } };
    await assert.rejects(graph.upsertEdge(large), refused('edge_too_large'));
    await assert.rejects(graph.V('a').repeat(__.out().values('x')).times(2).run(), refused('invalid_step'));
    await assert.rejects(graph.V('a').repeat(__.out()).times(0).run(), refused('invalid_step'));
    assert.deepEqual(await all(graph), []);
  });

  test('devices that two accounts share are found by a traversal', async () => {
    await using graph = await open();
    await graph.upsertVertices([
      { id: 'd1', label: 'device', properties: { trusted: false } },
      { id: 'd2', label: 'device', properties: { trusted: true } },
    ]);
    await graph.upsertEdges([
      { from: 'alice', label: 'uses', to: 'd1', weight: 3 },
      { from: 'bob', label: 'uses', to: 'd1', weight: 1 },
      { from: 'carol', label: 'uses', to: 'd2', weight: 1 },
      { from: 'alice', label: 'uses', to: 'd2', weight: 9 },
    ]);
    const others = graph.V('alice').as('me').out('uses').has('trusted', false).in('uses').whereMarked('neq', 'me');
    assert.deepEqual((await others.id().run()).results, ['bob']);
    const often = graph.V('alice').outE('uses').has('weight', P.gt(5)).inV();
    assert.deepEqual((await often.run()).results, [{ id: 'd2', label: 'device', properties: { trusted: true } }]);
    assert.deepEqual(
      (await graph.V('alice').out('uses').groupCount().run()).results.map((map) => map.size),
      [2],
    );
  });
});

async function all(graph: Graph): Promise<Vertex[]> {
  const vertices: Vertex[] = [];
  for await (const page of graph.allVertices()) vertices.push(...page);
  return vertices;
}

async function agree(graph: Graph): Promise<void> {
  const seen = await directions(graph);
  const wrong = seen.filter(({ out, into }) => out === undefined || into === undefined || !same(out, into));
  assert.deepEqual(wrong, []);
}

function same(left: Edge, right: Edge): boolean {
  return left.weight === right.weight && left.time === right.time;
}
