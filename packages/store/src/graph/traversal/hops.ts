/** Steps from vertices to edges and vertices, and from edges to their ends. A hop is one batched read. */
import type { Direction } from '../element.ts';
import { edgeAt } from '../read/adjacency.ts';
import { type FoundEdge, type Frontier, NextFrontier } from './frontier.ts';
import { BATCH_RECORDS, type Run } from './run.ts';
import { HOPS, type Step } from './step.ts';

type HopStep = Extract<Step, { step: keyof typeof HOPS }>;

/** At `enough` items it may end, without anything missing. */
export async function hop(
  run: Run,
  step: HopStep,
  from: Frontier,
  enough = Number.POSITIVE_INFINITY,
): Promise<Frontier> {
  const { labels } = step;
  const directions: readonly Direction[] = HOPS[step.step];
  const toEdges = step.step.endsWith('E');
  const next = new NextFrontier(toEdges ? 'edge' : 'vertex', from);
  if (from.items.length === 0) return next.frontier;
  await run.knowLabels(labels);
  const deadline = run.hopDeadline();
  const places = placesOf(from.items as readonly string[]);
  const vertices = [...places.keys()];
  const most = Math.min(run.fanOutMax, enough);
  const lists = directions.length * Math.max(1, labels.length === 0 ? run.source.labels.all.length : labels.length);
  const batch = Math.max(1, Math.floor(BATCH_RECORDS / lists));
  for (let first = 0; first < vertices.length; first += batch) {
    if ((first > 0 || !run.isFirstHop) && run.isOver(deadline)) break;
    const some = vertices.slice(first, first + batch);
    const edgesMax = most - next.items.length;
    const all = await run.adjacency.each(
      { vertices: some, directions, labels, edgesMax },
      (index, cursor, way, label) => {
        const vertex = some[index] as string;
        const item = toEdges ? { ...edgeAt(cursor, vertex, way, label), foundAt: vertex } : cursor.other;
        for (const place of places.get(vertex) as readonly number[]) {
          if (next.items.length >= most) return false;
          next.add(place, item);
        }
        return true;
      },
    );
    if (all) continue;
    if (most < enough) run.shortages.add('fan-out');
    break;
  }
  return next.frontier;
}

/** Where each vertex stands, each vertex once: it is read once. */
function placesOf(items: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [index, id] of items.entries()) {
    const known = places.get(id);
    if (known === undefined) places.set(id, [index]);
    else known.push(index);
  }
  return places;
}

export function ends(step: 'outV' | 'inV' | 'otherV' | 'bothV', from: Frontier): Frontier {
  const next = new NextFrontier('vertex', from);
  for (const [index, item] of from.items.entries()) {
    const edge = item as FoundEdge;
    if (step !== 'inV' && step !== 'otherV') next.add(index, edge.from);
    if (step === 'inV' || step === 'bothV') next.add(index, edge.to);
    if (step === 'otherV') next.add(index, edge.foundAt === edge.from ? edge.to : edge.from);
  }
  return next.frontier;
}

/** The vertices that a traversal begins at. */
export async function start(run: Run, ids: readonly string[], enough = Number.POSITIVE_INFINITY): Promise<Frontier> {
  const found: string[] = [];
  const most = Math.min(run.fanOutMax, enough);
  if (ids.length > 0) {
    const known = await run.read(ids, true);
    for (const id of new Set(ids)) if (known.get(id) !== undefined) found.push(id);
  } else {
    const deadline = run.hopDeadline();
    for await (const page of run.vertices.scan()) {
      run.know(page);
      for (const { id } of page) found.push(id);
      if (found.length >= most || run.isOver(deadline)) break;
    }
  }
  if (found.length > run.fanOutMax && run.fanOutMax < enough) run.shortages.add('fan-out');
  return { kind: 'vertex', items: found.slice(0, most), trails: undefined, origins: undefined };
}
