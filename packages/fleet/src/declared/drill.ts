/**
 * The drill: what is declared of a cluster is made anew on an empty one, timed, and compared with what is there
 * afterwards. It shows that the record suffices to rebuild the cluster; records are not its subject.
 */
import type { KindName } from '@millrace/api/declared';
import type { FleetDifferenceItem } from '@millrace/api/fleet';
import type { Clock } from '@millrace/base';
import type { Client } from '@millrace/client';
import type { DeclaredFleet } from '../record/record.ts';
import type { Deed } from './apply/deeds.ts';
import { doDeed } from './apply/do-deed.ts';
import { planOf } from './apply/plan-of.ts';
import { observeState } from './difference/cluster-state.ts';
import { differenceOf, type FleetDifference } from './difference/fleet-difference.ts';
import { differencesOf, toldOf } from './difference/told.ts';
import type { WantedAccess } from './wanted-access.ts';

export interface DrillOptions {
  readonly fleet: DeclaredFleet;
  /** Of the fleet. */
  readonly cluster: string;
  /** Of the empty cluster. */
  readonly client: Client;
  readonly access: WantedAccess;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told what is being done: a sentence, and how much of it. */
  readonly report?: ((step: string, done: number, total: number) => void) | undefined;
}

export interface DrillResult {
  /** From the first look to the last thing made, in ms. */
  readonly tookMs: number;
  readonly made: {
    readonly topics: number;
    readonly partitions: number;
    readonly acls: number;
    readonly quotas: number;
  };
  /** What is other than it is declared, after all of it was made. */
  readonly differences: readonly FleetDifferenceItem[];
  /** What could not be had: sentences. */
  readonly told: readonly string[];
}

/** What is made on a cluster. */
const drilledKinds: readonly KindName[] = ['topic', 'acl', 'quota'];

/** Rejects when something can't be made; what was made stays. */
export async function drillCluster(options: DrillOptions): Promise<DrillResult> {
  const { client, clock, signal, report } = options;
  const begun = clock.monotonic();
  const difference = await look(options);
  const plan = planOf(difference);
  await using admin = client.admin();
  for (const step of plan.steps) {
    const deed = step.input as unknown as Deed;
    if (deed.deed === 'declare') continue;
    const progress = async (done: number, total: number): Promise<void> => report?.(step.title, done, total);
    await doDeed(deed, { admin, signal, progress });
  }
  const tookMs = clock.monotonic() - begun;
  const after = await look(options);
  return {
    tookMs,
    made: madeOf(difference, options.cluster),
    differences: differencesOf(after),
    told: [
      ...after.refused.map(({ subject, message }) => `${subject} ${message}`),
      ...toldOf(after).map(({ text }) => text),
    ],
  };
}

async function look({ fleet, cluster, client, access, signal }: DrillOptions): Promise<FleetDifference> {
  const looks = new Map([[cluster, { state: await observeState(client, signal) }]]);
  return differenceOf(fleet, { kinds: [...drilledKinds], clusters: [cluster] }, looks, access);
}

function madeOf({ clusters }: FleetDifference, cluster: string): DrillResult['made'] {
  const made = clusters.get(cluster);
  const topics = made?.topicsToCreate ?? [];
  return {
    topics: topics.length,
    partitions: topics.reduce((sum, { partitions }) => sum + partitions, 0),
    acls: made?.aclsToCreate.length ?? 0,
    quotas: made?.quotasToSet.length ?? 0,
  };
}
