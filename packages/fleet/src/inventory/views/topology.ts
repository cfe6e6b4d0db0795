/** The map of the fleet, from what is declared and what was seen. Pure. */
import type { MirrorRoute, Topology } from '@millrace/api/fleet';
import type { DeclaredFleet } from '../../record/record.ts';
import type { ClusterRows } from './fleet-rows.ts';

/** Topics in which mirrors keep their place, on their targets. */
const offsetsTopic = /^millrace\.offsets\.(.+)$/;

export function topologyOf(fleet: DeclaredFleet, clusters: readonly ClusterRows[]): Topology {
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
    mirrors: mirrorsOf(fleet, clusters),
  };
}

function mirrorsOf(fleet: DeclaredFleet, clusters: readonly ClusterRows[]): MirrorRoute[] {
  const seen = new Set<string>();
  for (const { spec, observed } of clusters) {
    for (const topic of observed.topics.keys()) {
      const mirror = offsetsTopic.exec(topic)?.[1];
      if (mirror !== undefined) seen.add(`${spec.name}\n${mirror}`);
    }
  }
  const declared = fleet.list('mirror').map(({ spec: { name, source, target, topics } }): MirrorRoute => {
    const observed = seen.delete(`${target}\n${name}`);
    return { name, source, target, declared: true, observed, topics: [...topics] };
  });
  const others = [...seen].map((key): MirrorRoute => {
    const [target = '', name = ''] = key.split('\n');
    return { name, source: null, target, declared: false, observed: true, topics: [] };
  });
  return [...declared, ...others];
}
