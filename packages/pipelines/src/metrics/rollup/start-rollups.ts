/** Runs the aggregation as a member of its job: one process, or several that share the partitions. */
import type { Client } from '@millrace/client';
import type { OrderedStore } from '@millrace/store';
import { type Job, type JobOptions, startJob } from '@millrace/streams';
import { ensureMetricsTopic, ensureRollupsTopic } from '../topic.ts';
import type { RollupRule } from './rollup-rule.ts';
import { type RollupOptions, rollupTopology } from './rollup-topology.ts';

export interface RollupsOptions extends RollupOptions {
  readonly client: Client;
  readonly rules: readonly RollupRule[];
  /** Where state lies between two runs; restored from the changelogs where it is lost. It stays the caller's. */
  readonly state?: OrderedStore | undefined;
  readonly job?: Omit<JobOptions, 'client' | 'state'> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Resolves once the job runs. Close it, or wait for `finished`. */
export async function startRollups(options: RollupsOptions): Promise<Job> {
  const { client, rules, state, job, signal } = options;
  {
    await using admin = client.admin();
    await ensureMetricsTopic(admin, signal);
    await ensureRollupsTopic(admin, signal);
  }
  return await startJob(rollupTopology(rules, options), { compression: 'lz4', ...job, client, state });
}
