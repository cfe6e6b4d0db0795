/** The map of the fleet, from what is declared and what was seen. Pure. */
import type { MirrorRoute, Topology } from '@millrace/api/fleet';
import type { RunRow } from '../../mirrors/mirror-store.ts';
import { mirrorCondition } from '../../mirrors/mirror-views.ts';
import type { DeclaredFleet } from '../../record/record.ts';
import type { ClusterRows } from './fleet-rows.ts';

const untold = { state: null, problem: null };
/** Topics in which mirrors keep their place, on their targets. */
const offsetsTopic = /^millrace\.offsets\.(.+)$/;

/** `runs`: how mirrors run, by name; undefined where that can't be told now. */
export function topologyOf(
  fleet: DeclaredFleet,
  clusters: readonly ClusterRows[],
  runs: ReadonlyMap<string, RunRow> | undefined,
): Topology {
  const places = (kind: 'environment' | 'site' | 'zone'): Topology['sites'] =>
    fleet.list(kind).map(({ spec: { name, description } }) => ({
      name,
      ...(description !== undefined && { description }),
      clusters: clusters.filter(({ spec }) => spec[kind] === name).map(({ spec }) => spec.name),
    }));
  return {
    environments: places('environment'),
    sites: places('site'),
    zones: places('zone'),
    clusters: clusters.map(({ view }) => view),
    mirrors: mirrorsOf(fleet, clusters, runs),
  };
}

function mirrorsOf(
  fleet: DeclaredFleet,
  clusters: readonly ClusterRows[],
  runs: ReadonlyMap<string, RunRow> | undefined,
): MirrorRoute[] {
  const seen = new Set<string>();
  for (const { spec, observed } of clusters) {
    for (const topic of observed.topics.keys()) {
      const mirror = offsetsTopic.exec(topic)?.[1];
      if (mirror !== undefined) seen.add(`${spec.name}\n${mirror}`);
    }
  }
  const declared = fleet.list('mirror').map(({ spec }): MirrorRoute => {
    const { name, source, target, topics } = spec;
    const observed = seen.delete(`${target}\n${name}`);
    const condition = runs === undefined ? untold : mirrorCondition(spec, runs.get(name));
    return { name, source, target, declared: true, observed, topics: [...topics], ...condition };
  });
  const others = [...seen].map((key): MirrorRoute => {
    const [target = '', name = ''] = key.split('\n');
    return { name, source: null, target, declared: false, observed: true, topics: [], ...untold };
  });
  return [...declared, ...others];
}
