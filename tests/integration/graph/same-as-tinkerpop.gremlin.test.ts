/**
 * Any traversal finds the same in our graph as in Apache TinkerPop's: random graphs are loaded into both, and the text
 * of random traversals is run by a Gremlin Server and, read from that text, by us. Order counts where `order` ends it.
 *
 * Where `emit()` stands before `repeat`, the server works without LazyBarrierStrategy, an optimization that in
 * TinkerPop 3.8.0 loses some of what `emit()` before `repeat` emits: of a vertex with an edge to itself
 * `g.V().emit().repeat(__.out().out()).times(1)` finds one, not two.
 *
 * It needs Java and Maven, which fetches the server once.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type GremlinServer, KafkaEngineError, kafkaSource, startGremlinServer } from '@millrace/engines';
import {
  type Edge,
  edgeId,
  openEmbeddedRecords,
  openGraph,
  openMemoryStore,
  type Traversal,
  type Vertex,
} from '@millrace/store';
import fc from 'fast-check';
import gremlin from 'gremlin';
import { type RandomGraph, randomGraph, randomTraversal } from './random-graph.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const { server, skip } = await serverForTests();
after(() => server?.[Symbol.asyncDispose]());

async function serverForTests(): Promise<{ server: GremlinServer | undefined; skip: string | false }> {
  try {
    const report = (line: string): void => void process.stderr.write(`${line}\n`);
    return { server: await startGremlinServer({ source: kafkaSource(process.env), report }), skip: false };
  } catch (error) {
    if (!(error instanceof KafkaEngineError) || !error.isAbsence) throw error;
    return { server: undefined, skip: `the Gremlin Server needs Java 17 and Maven: ${error.message}` };
  }
}

const text = (value: unknown): string => JSON.stringify(value);

/** One traversal of Gremlin that makes a graph. */
function made({ vertices, edges }: RandomGraph): string {
  const property = (name: string, value: unknown): string =>
    `.property(${text(name)},${name === 'weight' ? `${String(value)}d` : text(value)})`;
  const vertexTexts = vertices.map(({ id, label, properties = {} }, at) => {
    const own = Object.entries(properties).map(([name, value]) => property(name, value));
    return `addV(${text(label)}).property(T.id,${text(id)})${own.join('')}.as('v${at}')`;
  });
  const place = new Map(vertices.map(({ id }, at) => [id, `v${at}`]));
  const edgeTexts = edges.map((edge) => {
    const own = (['weight', 'time'] as const).flatMap((name) =>
      edge[name] === undefined ? [] : [property(name, edge[name])],
    );
    const ends = `from('${place.get(edge.from)}').to('${place.get(edge.to)}')`;
    return `addE(${text(edge.label)}).${ends}.property(T.id,${text(edgeId(edge))})${own.join('')}`;
  });
  return ['g', ...vertexTexts, ...edgeTexts].join('.');
}

/**
 * Its text, without the optimization that loses results where it does so (and makes others bearable where it does not).
 */
function forServer(traversal: Traversal<never>): string {
  const loses = traversal.steps.some((step) => step.step === 'repeat' && step.emitFirst);
  return traversal.toString().replace('g.', loses ? 'g.withoutStrategies(LazyBarrierStrategy).' : 'g.');
}

/** What TinkerPop's client answers, as plain values. */
function theirs(value: unknown): unknown {
  if (value instanceof gremlin.structure.Vertex) return `v ${value.id}`;
  if (value instanceof gremlin.structure.Edge) return `e ${value.id}`;
  if (value instanceof gremlin.structure.Path) return value.objects.map(theirs);
  if (value instanceof Map) return [...value].map((entry) => entry.map(theirs)).sort(byText);
  return Array.isArray(value) ? value.map(theirs).sort(byText) : value;
}

/** What we answer, likewise; `list` sorts what Gremlin gathers in no order. */
function ours(value: unknown): unknown {
  if (value instanceof Map) return [...value].map((entry) => entry.map(ours)).sort(byText);
  if (typeof value !== 'object' || value === null) return value;
  if ('from' in value) return `e ${edgeId(value as Edge)}`;
  return 'id' in value ? `v ${(value as Vertex).id}` : value;
}

function byText(left: unknown, right: unknown): number {
  const [one, other] = [text(left), text(right)];
  return one < other ? -1 : one > other ? 1 : 0;
}

test('any traversal finds the same as on a Gremlin Server', { skip, timeout: 600_000 }, async () => {
  const client = new gremlin.driver.Client((server as GremlinServer).url, { traversalSource: 'g' });
  const ask = async (script: string): Promise<unknown[]> =>
    (await client.submit(script, {}, { language: 'gremlin-lang' })).toArray();
  let compared = 0;
  let found = 0;
  try {
    await fc.assert(
      fc.asyncProperty(
        randomGraph,
        fc.array(randomTraversal, { minLength: 6, maxLength: 6 }),
        async (made_, traversals) => {
          await ask('g.V().drop()');
          await ask(made(made_));
          await using records = await openEmbeddedRecords({ store: openMemoryStore() });
          await using graph = await openGraph({ records, namespace: 'test', name: 'g', pageBytesMax: 200 });
          await graph.upsertVertices(made_.vertices);
          await graph.upsertEdges(made_.edges);
          for (const traversal of traversals) {
            const script = traversal.toString();
            const isPath = traversal.steps.at(-1)?.step === 'path';
            const isList = traversal.steps.at(-1)?.step === 'cap';
            const isOrdered = traversal.steps.some(({ step }) => step === 'order');
            const expected = (await ask(forServer(traversal))).map(theirs);
            const { results, complete } = await graph.parse(script).run();
            const actual = results.map((each) => {
              if (isPath) return (each as unknown[]).map(ours);
              return isList ? (each as unknown[]).map(ours).sort(byText) : ours(each);
            });
            assert.ok(complete);
            if (!isOrdered) for (const each of [actual, expected]) each.sort(byText);
            assert.deepEqual(actual, expected, script);
            compared++;
            if (actual.length > 0 && actual[0] !== 0) found++;
          }
        },
      ),
      { numRuns: Math.ceil(50 * scale) },
    );
  } finally {
    await client.close();
  }
  // Most of what is compared is something.
  assert.ok(found > compared / 3, `of ${compared} traversals ${found} found something`);
});
