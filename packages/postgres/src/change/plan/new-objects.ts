/** What a script makes from nothing is one step: nobody uses it yet, so nobody waits. */
import type { Effect } from '../effect.ts';
import type { ScriptCatalog } from '../script-catalog.ts';
import type { DdlStep } from './plan.ts';

/** Whether nobody can use it yet: such statements are one transaction, and none of them is there without the others. */
export function isOfWhatIsMade({ kind, locks }: Effect, known: ScriptCatalog): boolean {
  const isMade = locks.length > 0 || /^CREATE (SCHEMA|TABLE|SEQUENCE|TYPE|DOMAIN|FUNCTION)$/.test(kind);
  return isMade && locks.every(({ on: table }) => known.isNew(table));
}

export function withStatement(made: DdlStep, next: DdlStep): DdlStep {
  const sql = [...made.sql, ...next.sql];
  return { ...made, title: `what is new, in ${sql.length} statements`, sql };
}
