/** Every edge of a graph as its two ends have it: for tests, since it reads all. */
import { type Edge, edgeId } from '../element.ts';
import type { Graph } from '../graph.ts';

export interface BothDirections {
  readonly id: string;
  readonly out: Edge | undefined;
  readonly into: Edge | undefined;
}

/** In the order of their ids; a direction that does not have an edge that the other has is undefined. */
export async function directions(graph: Graph): Promise<BothDirections[]> {
  const all = new Map<string, BothDirections>();
  for await (const page of graph.allVertices()) {
    for (const { id: vertex } of page) {
      for (const edge of await graph.edges(vertex, { direction: 'out' })) {
        const id = edgeId(edge);
        all.set(id, { id, out: edge, into: all.get(id)?.into });
      }
      for (const edge of await graph.edges(vertex, { direction: 'in' })) {
        const id = edgeId(edge);
        all.set(id, { id, out: all.get(id)?.out, into: edge });
      }
    }
  }
  return [...all.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
}
