/** Runs seeds as a test: what they said goes to the test's output, and what they missed fails it. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Coverage } from '../simulation/oracle/coverage.ts';
import type { FaultCluster } from './fault-cluster.ts';
import type { RunOutcome } from './run-story.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? '1');
const only = process.env['MILLRACE_TEST_SEED'];

export type Run = (cluster: FaultCluster, seed: number) => Promise<RunOutcome>;

/** How many runs a test has that has `count` of them at scale 1. */
export function runCount(count: number): number {
  return only === undefined ? Math.max(1, Math.round(count * scale)) : 1;
}

/** Which seeds a test has. */
export interface Seeds {
  /** Default 1. */
  readonly first?: number | undefined;
  /** At scale 1. */
  readonly count: number;
}

/** Runs seeds, or `MILLRACE_TEST_SEED` alone, and answers what they covered. */
export async function runSeeds(t: TestContext, cluster: FaultCluster, run: Run, seeds: Seeds): Promise<Coverage> {
  const coverage = new Coverage();
  const failed: number[] = [];
  const first = only === undefined ? (seeds.first ?? 1) : Number(only);
  const count = runCount(seeds.count);
  for (let seed = first; seed < first + count; seed++) {
    const outcome = await run(cluster, seed);
    coverage.merge(outcome.coverage.counts());
    if (outcome.problems.length === 0) continue;
    failed.push(seed);
    for (const line of [...outcome.story, ...outcome.problems]) t.diagnostic(`seed ${seed}: ${line}`);
  }
  t.diagnostic(`${count} runs on ${cluster.engine}, ${failed.length} failed; ${coverage}`);
  assert.deepEqual(failed, [], 'seeds that failed; MILLRACE_TEST_SEED=N runs one again');
  return coverage;
}
