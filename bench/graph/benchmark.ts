/**
 * The graph: loading, two and three hops, super-nodes, upserts, memory, on edges that are spread by a power law. At the
 * whole scale it has 10 million edges between a million vertices, and a quarter and a sixteenth of that; the peer,
 * which is in memory, has 100,000 edges, where ours is measured too. Each measurement has a process and a directory of
 * its own, on a store that is not synced, since it can be loaded again.
 */
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Benchmark, BenchmarkContext } from '../harness/benchmark.ts';
import { measureTinkerGraph } from './tinkergraph.ts';
import type { GraphFigures, GraphWork } from './work.ts';

const worker = fileURLToPath(new URL('worker.ts', import.meta.url));
const EDGES = 10_000_000;
const PEER_EDGES = 100_000;
const EDGES_PER_VERTEX = 10;

export const benchmark: Benchmark = {
  description: 'loading, hops, super-nodes and upserts of a graph',

  async run(context) {
    const notes = new Map<string, Noted>();
    for (let round = 1; round <= context.rounds; round++) {
      for (const times of [1, 4, 16]) {
        const name = `${times}x`;
        if (!context.isWanted(name)) continue;
        note(notes, context, name, 'millrace', await ours(workOf((EDGES / 16) * times * context.scale)));
      }
      if (!context.isWanted('beside the peer')) continue;
      const work = workOf(PEER_EDGES * context.scale);
      note(notes, context, 'beside the peer', 'millrace', await ours(work));
      const theirs = await measureTinkerGraph(work, context.progress);
      if (theirs !== undefined) note(notes, context, 'beside the peer', 'Gremlin Server, TinkerGraph', theirs);
    }
    for (const [name, noted] of notes) context.report({ bench: 'graph', case: name, ...noted });
  },
};

interface Noted {
  readonly unit: string;
  readonly moreIsBetter: boolean;
  readonly values: Map<string, number[]>;
}

function workOf(wanted: number): GraphWork {
  const edges = Math.round(wanted);
  return { directory: '', edges, vertices: Math.ceil(edges / EDGES_PER_VERTEX), queries: 1_000 };
}

function note(
  notes: Map<string, Noted>,
  context: BenchmarkContext,
  name: string,
  subject: string,
  figures: GraphFigures,
): void {
  const add = (what: string, value: number | undefined, unit: string, moreIsBetter = false): void => {
    if (value === undefined || value === 0) return;
    const key = `${name}: ${what}`;
    const noted = notes.get(key) ?? { unit, moreIsBetter, values: new Map<string, number[]>() };
    notes.set(key, noted);
    noted.values.set(subject, [...(noted.values.get(subject) ?? []), value]);
    context.progress(`${key}, ${subject}: ${value >= 1_000 ? Math.round(value) : value.toPrecision(3)} ${unit}`);
  };
  add('load', figures.loadPerSecond, 'edges/s', true);
  for (const [what, times] of Object.entries({
    'two hops': figures.twoHops,
    'three hops': figures.threeHops,
    'two hops from super-nodes': figures.superNodes,
  })) {
    add(`${what}, p50`, percentile(times, 0.5), 'ms');
    add(`${what}, p99`, percentile(times, 0.99), 'ms');
  }
  add('upserts', figures.upsertsPerSecond, 'edges/s', true);
  add('edges of the largest vertex', figures.degreeMax, 'edges');
  add("resident, the file's pages included", figures.residentBytes / 1e6, 'MB');
}

function percentile(ascending: readonly number[], part: number): number | undefined {
  return ascending[Math.min(ascending.length - 1, Math.floor(part * ascending.length))];
}

/** Runs the worker in an empty directory, and answers its figures. */
async function ours(work: GraphWork): Promise<GraphFigures> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-bench-graph-'));
  try {
    const child = fork(worker, [JSON.stringify({ ...work, directory })], { execArgv: process.execArgv });
    return await new Promise<GraphFigures>((resolve, reject) => {
      child.once('message', (figures) => resolve(figures as GraphFigures));
      child.once('exit', (code, signal) => reject(new Error(`the process that measures ended with ${code ?? signal}`)));
    });
  } finally {
    await rm(directory, { recursive: true });
  }
}
