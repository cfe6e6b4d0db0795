/**
 * Runs seeds, in this thread or, for tests, in a worker of its own: `node:test` watches every promise of its thread,
 * which makes a simulation several times slower.
 */
import { Worker } from 'node:worker_threads';
import { stayOnThread } from '@millrace/wire';
import { runMirrorSeed } from './mirror/mirror-run.ts';
import { runRangesSeed } from './mirror/ranges-run.ts';
import { runRingSeed } from './mirror/ring-run.ts';
import { type RunResult, runSeed, SeedFailure } from './oracle/cluster-run.ts';
import { Coverage } from './oracle/coverage.ts';
import type { PlantedBug } from './planted/plant.ts';
import { runRelaySeed } from './resilient/relay-run.ts';
import { runSwitchSeed } from './resilient/switch-run.ts';
import { runJoinsSeed, runStreamsSeed } from './streams/streams-run.ts';

/** What a seed is run as. */
const simulations = {
  cluster: runSeed,
  mirror: runMirrorSeed,
  ring: runRingSeed,
  ranges: runRangesSeed,
  switch: runSwitchSeed,
  relay: runRelaySeed,
  streams: runStreamsSeed,
  joins: runJoinsSeed,
};

/** Which seeds to run. */
export interface SeedRange {
  /** Default `cluster`. */
  readonly simulation?: keyof typeof simulations | undefined;
  readonly first: number;
  readonly count: number;
  /** Ends with the first seed that fails. */
  readonly untilFailure?: boolean | undefined;
}

/** What a range of seeds came to. */
export interface SeedsResult {
  /** Runs that held; without one that failed, as many as there are seeds. */
  readonly runs: readonly RunResult[];
  /** Every seed that failed, with what a person needs to know. */
  readonly failures: readonly { readonly seed: number; readonly message: string; readonly lines: readonly string[] }[];
  readonly coverage: Readonly<Record<string, number>>;
}

/** Runs all seeds of a range, also after a failure unless told otherwise. */
export async function runSeeds(
  { simulation = 'cluster', first, count, untilFailure = false }: SeedRange,
  onSeed?: (result: SeedsResult) => void,
): Promise<SeedsResult> {
  // Real threads end their work at times of their own.
  stayOnThread();
  const coverage = new Coverage();
  const runs: RunResult[] = [];
  const failures: { seed: number; message: string; lines: readonly string[] }[] = [];
  for (let seed = first; seed < first + count; seed++) {
    try {
      const run = await simulations[simulation](seed);
      runs.push(run);
      coverage.merge(run.coverage);
    } catch (error) {
      if (!(error instanceof SeedFailure)) throw error;
      const cause = error.cause instanceof Error ? (error.cause.stack ?? '') : '';
      failures.push({ seed, message: `${error.message}\n${cause}`, lines: error.lines });
    }
    onSeed?.({ runs, failures, coverage: coverage.counts() });
    if (untilFailure && failures.length > 0) break;
  }
  return { runs, failures, coverage: coverage.counts() };
}

/** What a worker is given. */
export interface SeedsWork {
  readonly range: SeedRange;
  readonly bug: PlantedBug | undefined;
}

/** Runs a range in a worker, which may have a bug planted in its code. */
export function runSeedsInWorker(range: SeedRange, bug?: PlantedBug): Promise<SeedsResult> {
  return new Promise((resolve, reject) => {
    const workerData: SeedsWork = { range, bug };
    const worker = new Worker(new URL('./seeds-worker.ts', import.meta.url), { workerData });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the worker ended with exit code ${code} before its seeds`)));
  });
}
