/** Steps as plans are written with. */
import { nameText, type ObjectName, quoted } from '../../sql/names.ts';
import type { LockTaken } from '../effect.ts';
import type { LockMode } from '../lock-modes.ts';
import type { AloneStep, BackfillStep, DdlStep, GateStep, Hidden } from './plan.ts';

export function ddl(title: string, sql: string | readonly string[], locks: readonly LockTaken[]): DdlStep {
  return { kind: 'ddl', title, sql: typeof sql === 'string' ? [sql] : sql, locks };
}

export function on(table: ObjectName, mode: LockMode = 'ACCESS EXCLUSIVE'): LockTaken {
  return { on: table, mode };
}

/** `ALTER TABLE table command` under the strongest lock. */
export function alter(table: ObjectName, title: string, command: string): DdlStep {
  return ddl(title, `ALTER TABLE ${nameText(table)} ${command}`, [on(table)]);
}

export function validate(table: ObjectName, constraint: string): AloneStep {
  return {
    kind: 'alone',
    title: `check ${constraint} in each row of ${nameText(table)}`,
    sql: `ALTER TABLE ${nameText(table)} VALIDATE CONSTRAINT ${quoted(constraint)}`,
    isOutside: false,
    locks: [on(table, 'SHARE UPDATE EXCLUSIVE')],
  };
}

export function gate(title: string, hides: readonly Hidden[]): GateStep {
  return { kind: 'gate', title, hides };
}

export function backfill(
  table: ObjectName,
  key: readonly string[],
  { title, set, where }: Pick<BackfillStep, 'title' | 'set' | 'where'>,
): BackfillStep {
  return { kind: 'backfill', title, table, key, set, where };
}

/** A name no longer than PostgreSQL keeps, 63 bytes, told apart by its end. */
export function shortName(...parts: readonly string[]): string {
  const name = parts.join('_');
  if (Buffer.byteLength(name) <= 63) return name;
  let sum = 0;
  for (const character of name) sum = (Math.imul(sum, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  const end = `_${sum.toString(36)}`;
  let kept = name;
  while (Buffer.byteLength(kept) > 63 - end.length) kept = kept.slice(0, -1);
  return kept + end;
}
