/** A declared fleet of lists: what a file or a plan speaks of, seen as the record would show it. */
import type { KindName, Spec } from '@millrace/api/declared';
import { kindNames } from '@millrace/api/declared';
import type { Declared, DeclaredFleet } from '../record/record.ts';
import { type FleetLists, idOf } from './fleet-lists.ts';

/** The lists as a fleet of that revision. */
export function declaredFleetOf(lists: FleetLists, revision = 0): DeclaredFleet {
  const changedAt = new Date(0);
  const kinds = new Map(
    kindNames.map((kind) => {
      const specs = lists[kind] as readonly Spec<KindName>[];
      const things = specs.map((spec) => ({ kind, id: idOf(kind, spec), spec, revision, changedAt }) as Declared);
      return [kind, new Map(things.map((thing) => [thing.id, thing]))] as const;
    }),
  );
  return {
    revision,
    list: <K extends KindName>(kind: K) => [...(kinds.get(kind)?.values() ?? [])] as unknown as readonly Declared<K>[],
    get: <K extends KindName>(kind: K, id: string) => kinds.get(kind)?.get(id) as Declared<K> | undefined,
  };
}

/** A fleet as lists. */
export function listsOf(fleet: Pick<DeclaredFleet, 'list'>): FleetLists {
  return Object.fromEntries(
    kindNames.map((kind) => [kind, fleet.list(kind).map(({ spec }) => spec)]),
  ) as unknown as FleetLists;
}
