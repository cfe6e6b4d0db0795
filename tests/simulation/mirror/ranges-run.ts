/** One seed of a partition that is read by ranges while its leaders change, some of which lack records. */
import { createHash } from 'node:crypto';
import { readOverElections } from '@millrace/mirror/testing/read-over-elections';
import { type RunResult, SeedFailure } from '../oracle/cluster-run.ts';

/** Runs a seed. Rejects with `SeedFailure`. */
export async function runRangesSeed(seed: number): Promise<RunResult> {
  try {
    const coverage = await readOverElections(seed);
    const count = (what: string): number => coverage[what] ?? 0;
    const hash = createHash('sha256').update(JSON.stringify(coverage)).digest('hex');
    const records = count('records read');
    const faults = count('elections that lost records');
    return { seed, events: count('ranges taken'), records, clients: 1, faults, hash, coverage };
  } catch (error) {
    throw new SeedFailure(seed, error, []);
  }
}
