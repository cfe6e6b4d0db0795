/**
 * The fleet as it will be when all that is approved has been carried out: what a request is judged on, or many that are
 * made at once would each find the budget and the room that only one of them can have.
 */
import type { KindName } from '@millrace/api/declared';
import type { Proposal } from '@millrace/api/fleet';
import { isMillraceError } from '@millrace/base';
import type { Declared, DeclaredChange, DeclaredFleet } from '../record/record.ts';
import { recordChanges } from './provisioning/record-changes.ts';

/** `proposals`: of what is approved and not done, in the order of their requests. */
export function fleetToCome(fleet: DeclaredFleet, proposals: readonly Proposal[]): DeclaredFleet {
  return proposals.reduce((known, proposal) => {
    try {
      return asIfDeclared(known, recordChanges(proposal, known));
    } catch (error) {
      // What was declared since stands in its way, so that it takes nothing as it is.
      if (isMillraceError(error, 'conflict')) return known;
      throw error;
    }
  }, fleet);
}

function asIfDeclared(fleet: DeclaredFleet, changes: readonly DeclaredChange[]): DeclaredFleet {
  if (changes.length === 0) return fleet;
  const { revision } = fleet;
  const lists = new Map<KindName, ReadonlyMap<string, Declared>>();
  for (const [kind, own] of Map.groupBy(changes, (change) => change.kind)) {
    const things = new Map<string, Declared>(fleet.list(kind).map((each) => [each.id, each]));
    for (const { id, spec } of own) {
      if (spec === null) things.delete(id);
      else things.set(id, { kind, id, spec, revision: things.get(id)?.revision ?? 0, changedAt: new Date() });
    }
    lists.set(kind, things);
  }
  return {
    revision,
    list: <K extends KindName>(kind: K) => {
      const things = lists.get(kind);
      return things === undefined ? fleet.list(kind) : ([...things.values()] as unknown as readonly Declared<K>[]);
    },
    get: <K extends KindName>(kind: K, id: string) => {
      const things = lists.get(kind);
      return things === undefined ? fleet.get(kind, id) : (things.get(id) as unknown as Declared<K> | undefined);
    },
  };
}
