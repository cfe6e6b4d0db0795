/** Clusters that run already, whoever runs them: reached as clients reach them, and left as they are. */
import { isMillraceError, messageOf } from '@millrace/base';
import { type ClientOptions, createClient } from '@millrace/client';
import { fleetOf, type RunningCluster, type RunningFleet } from './running-fleet.ts';

const ANSWER_MS_MAX = 5_000;

/** A cluster to attach. */
export interface AttachedClusterPlan {
  readonly name: string;
  readonly site?: string | undefined;
  readonly environment?: string | undefined;
  /** `host:port,host:port`. */
  readonly bootstrap: string;
  readonly client: ClientOptions;
  /** As `RunningCluster.settings`. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/**
 * Asks each cluster who it is. One that does not answer, or refuses, is of the fleet as well, with its `problem`:
 * clients reach it when it is there.
 */
export async function attachFleet(
  plans: readonly AttachedClusterPlan[],
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<RunningFleet> {
  const clusters = await Promise.all(plans.map((plan) => attach(plan, options.signal)));
  return fleetOf(clusters, []);
}

async function attach(plan: AttachedClusterPlan, signal: AbortSignal | undefined): Promise<RunningCluster> {
  const listeners = { bootstrap: plan.bootstrap };
  await using client = createClient({ clientId: 'millrace-engines', telemetry: false, ...plan.client });
  try {
    const { clusterId, brokers } = await client.admin().describeCluster({ timeoutMs: ANSWER_MS_MAX, signal });
    return {
      ...plan,
      listeners,
      clusterId,
      brokers: brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port })),
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (!isMillraceError(error)) throw error;
    return { ...plan, listeners, clusterId: null, brokers: [], problem: messageOf(error) };
  }
}
