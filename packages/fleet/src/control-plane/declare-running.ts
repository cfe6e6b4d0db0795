/**
 * The clusters that a platform runs or was told to work on, as declarations: those that nobody has declared are, and of
 * those that somebody has only their addresses are brought up to date. All else of them is whoever declared it.
 */
import type { Spec } from '@millrace/api/declared';
import type { DeclaredChange, DeclaredFleet, FleetRecord } from '../record/record.ts';

/** A cluster as the platform knows it. */
export interface PlatformCluster {
  readonly name: string;
  readonly site?: string | undefined;
  readonly environment?: string | undefined;
  /** `host:port,host:port`. */
  readonly bootstrap: string;
  /** How clients reach it, by the names that Java clients use; secrets are references. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

const reason = {
  principal: { kind: 'system', name: 'platform' },
  why: 'it is one of the clusters that run here',
} as const;

/** Declares what is missing, with the sites and environments that go with it. */
export async function declareRunning(record: FleetRecord, clusters: readonly PlatformCluster[]): Promise<void> {
  const fleet = await record.read();
  const changes = new Map<string, DeclaredChange>();
  for (const cluster of clusters) {
    for (const kind of ['site', 'environment'] as const) {
      const name = cluster[kind];
      if (name === undefined || fleet.get(kind, name) !== undefined) continue;
      changes.set(`${kind} ${name}`, { kind, id: name, spec: { name } });
    }
    const spec = specOf(fleet, cluster);
    changes.set(`cluster ${cluster.name}`, { kind: 'cluster', id: cluster.name, spec });
  }
  await record.change([...changes.values()], reason);
}

function specOf(fleet: DeclaredFleet, cluster: PlatformCluster): Spec<'cluster'> {
  const { name, site, environment, bootstrap, settings } = cluster;
  const known = fleet.get('cluster', name)?.spec;
  const first = { name, ...(site !== undefined && { site }), ...(environment !== undefined && { environment }) };
  const { client, ...rest } = known ?? { ...first, client: undefined };
  return { ...rest, bootstrap, ...(settings !== undefined && { client: { ...settings } }) };
}
