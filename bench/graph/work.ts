/** What is measured of a graph, and how the process that does it is told. */

/** A graph whose edges are spread by a power law: few vertices have most of them. */
export interface GraphWork {
  /** Of ours. */
  readonly directory: string;
  readonly edges: number;
  readonly vertices: number;
  readonly queries: number;
}

export interface GraphFigures {
  readonly loadPerSecond: number;
  /** Edges of the vertex that has most. */
  readonly degreeMax: number;
  /** Milliseconds, ascending. */
  readonly twoHops: readonly number[];
  readonly threeHops: readonly number[];
  /** From the vertices with most edges, within 40 ms and 100,000 vertices. */
  readonly superNodes: readonly number[];
  /** Edges upserted one by one, 256 at a time; undefined where that is not measured. */
  readonly upsertsPerSecond: number | undefined;
  readonly residentBytes: number;
}

/**
 * The edges: both ends by `floor(vertices * u ** 3)` of a random u, so that vertex 0 has some percents of all. The same
 * for everyone.
 */
export function* powerLawEdges(edges: number, vertices: number): Generator<readonly [number, number]> {
  const next = randomNumbers(7);
  const vertex = (): number => Math.floor(vertices * next() ** 3);
  for (let count = 0; count < edges; count++) yield [vertex(), vertex()];
}

/** Numbers from 0 to below 1 (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Vertices to begin at: any but the thousandth with most edges. */
export function beginnings(count: number, vertices: number): string[] {
  const next = randomNumbers(11);
  return Array.from({ length: count }, () => `v${Math.floor(vertices * (0.001 + 0.999 * next()))}`);
}
