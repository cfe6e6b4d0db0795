/**
 * Which clusters besides the registry's home have its schemas: those to which a declared mirror takes them, under the
 * same name. Clusters that run here get such a mirror; for all others it is their operators' to declare one.
 */
import type { Mirror } from '@millrace/api/declared';
import type { DeclaredFleet, FleetRecord } from '@millrace/fleet/record';
import { schemaTopicDefault } from '@millrace/registry';

const reason = {
  principal: { kind: 'system', name: 'platform' },
  why: 'schemas are to be read at every site',
} as const;

/** Declares what is missing. `clusters`: those that run here, by name. */
export async function declareSchemaMirrors(
  record: FleetRecord,
  home: string,
  clusters: readonly string[],
): Promise<void> {
  const fleet = await record.read();
  const there = new Set(schemaMirrors(fleet, home).map(({ target }) => target));
  const missing = clusters.filter((cluster) => cluster !== home && !there.has(cluster));
  const changes = missing.map((target) => {
    const name = `schemas-to-${target}`;
    const description = 'Schemas of the registry, for those who read at this site';
    const spec: Mirror = { name, description, source: home, target, topics: [schemaTopicDefault], shards: 1 };
    return { kind: 'mirror', id: name, spec } as const;
  });
  await record.change(
    changes.filter(({ id }) => fleet.get('mirror', id) === undefined),
    reason,
  );
}

/** Names of clusters, in the order in which their mirrors are declared. */
export function schemaReplicas(fleet: DeclaredFleet, home: string): string[] {
  return [...new Set(schemaMirrors(fleet, home).map(({ target }) => target))];
}

/** Topics of Millrace's own are only ever copied by name. */
function schemaMirrors(fleet: DeclaredFleet, home: string): Mirror[] {
  const takesSchemas = ({ source, topics, exclude = [], prefix = '' }: Mirror): boolean =>
    source === home && prefix === '' && topics.includes(schemaTopicDefault) && !exclude.includes(schemaTopicDefault);
  return fleet
    .list('mirror')
    .map(({ spec }) => spec)
    .filter(takesSchemas);
}
