/** Measures one graph in a process of its own; the work comes as JSON, the figures go to the parent. */
import {
  type Graph,
  type LoadItem,
  loadGraph,
  openEmbeddedRecords,
  openGraph,
  openOrderedStore,
} from '@millrace/store';
import { beginnings, type GraphFigures, type GraphWork, powerLawEdges } from './work.ts';

const UNDER_WAY = 256;
const UPSERTS = 20_000;
const SUPER_NODES = 20;

function* items({ edges, vertices }: GraphWork): Generator<LoadItem> {
  let time = 0;
  for (const [from, to] of powerLawEdges(edges, vertices)) {
    const edge = { from: `v${from}`, label: 'pays', to: `v${to}`, weight: time % 500, time: time++ };
    yield { type: 'edge', edge };
  }
}

async function measured(work: GraphWork): Promise<GraphFigures> {
  const { directory, edges, vertices, queries } = work;
  const records = await openEmbeddedRecords({ store: openOrderedStore({ directory, rebuildable: true }) });
  const graph = await openGraph({ records, namespace: 'bench', name: 'graph' });
  const began = performance.now();
  await loadGraph(graph, items(work));
  const loadPerSecond = (edges / (performance.now() - began)) * 1_000;
  const starts = beginnings(queries, vertices);
  for (const id of starts.slice(0, 50)) await hops(graph, id, 2);
  const twoHops = await timed(starts, (id) => hops(graph, id, 2));
  const threeHops = await timed(starts.slice(0, Math.ceil(queries / 5)), (id) => hops(graph, id, 3));
  const largest = Array.from({ length: SUPER_NODES }, (_, at) => `v${at}`);
  const superNodes = await timed(largest, (id) => hops(graph, id, 2, { timeMs: 40, fanOutMax: 100_000 }));
  const upsertsPerSecond = await upserts(graph, vertices);
  const degreeMax = await graph.degree('v0', 'out', 'pays');
  const residentBytes = process.memoryUsage.rss();
  await records.close();
  return { loadPerSecond, degreeMax, twoHops, threeHops, superNodes, upsertsPerSecond, residentBytes };
}

/** How many vertices are so far away, each counted once a hop. */
async function hops(
  graph: Graph,
  id: string,
  count: number,
  budget = { timeMs: 10_000, fanOutMax: 100_000 },
): Promise<void> {
  let traversal = graph.V(id);
  for (let hop = 0; hop < count; hop++) traversal = traversal.out('pays').dedup();
  await traversal.count().run(budget);
}

async function timed(starts: readonly string[], run: (id: string) => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  for (const id of starts) {
    const began = performance.now();
    await run(id);
    times.push(performance.now() - began);
  }
  return times.sort((left, right) => left - right);
}

async function upserts(graph: Graph, vertices: number): Promise<number> {
  const edges = [...powerLawEdges(UPSERTS, vertices)];
  const began = performance.now();
  let next = 0;
  const one = async (): Promise<void> => {
    for (let at = next++; at < edges.length; at = next++) {
      const [from, to] = edges[at] as readonly [number, number];
      await graph.upsertEdge({ from: `v${to}`, label: 'pays', to: `v${from}`, weight: at });
    }
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, one));
  return (UPSERTS / (performance.now() - began)) * 1_000;
}

const figures = await measured(JSON.parse(process.argv[2] as string) as GraphWork);
process.send?.(figures, () => process.exit(0));
