/** A record of its own for tests: what is declared, at one revision, without a database. */
import { type KindName, kinds, type Spec } from '@millrace/api/declared';
import type { Declared, DeclaredFleet } from '../../record/record.ts';

/** The lists as a fleet file has them, by kind. */
export type DeclaredLists = { readonly [K in KindName]?: readonly Spec<K>[] };

export function declaredFleet(lists: DeclaredLists, revision = 1): DeclaredFleet {
  const list = <K extends KindName>(kind: K): readonly Declared<K>[] => {
    const specs = (lists[kind] ?? []) as readonly Spec<K>[];
    const idOf = kinds[kind].idOf as (spec: Spec<K>) => string;
    return specs.map((spec) => ({ kind, id: idOf(spec), spec, revision, changedAt: new Date(0) }));
  };
  return { revision, list, get: (kind, id) => list(kind).find((each) => each.id === id) };
}
