/** Enums and domains. */
import type { AlterDomainStmt, AlterEnumStmt } from 'libpg-query';
import { nameOfWords, nameText } from '../../sql/names.ts';
import { type Context, type Effect, harmless } from '../effect.ts';

export function alterEnum({ typeName, oldVal, newVal }: AlterEnumStmt): Effect {
  if (oldVal === undefined) return { kind: 'ALTER TYPE ... ADD VALUE', ...harmless };
  return {
    kind: 'ALTER TYPE ... RENAME VALUE',
    ...harmless,
    findings: [
      {
        rule: 'rename-enum-value',
        severity: 'unsafe',
        breaks: ['running code', 'consumers'],
        message: `code that writes or compares '${oldVal}' of ${nameText(nameOfWords(typeName))} fails at once`,
        safe: [
          `ALTER TYPE ${nameText(nameOfWords(typeName))} ADD VALUE '${newVal ?? ''}'`,
          'accept both in all code and deploy that; write the new one; change old rows in batches',
        ],
      },
    ],
  };
}

export function alterDomain({ typeName, subtype, def }: AlterDomainStmt, { catalog }: Context): Effect {
  const domain = nameOfWords(typeName);
  const facts = catalog.type(nameText(domain)) ?? catalog.type(domain.name);
  const isAdded = subtype === 'C' || subtype === 'O';
  const isChecked = isAdded && !(def !== undefined && 'Constraint' in def && def.Constraint.skip_validation === true);
  const kind = 'ALTER DOMAIN';
  if (!isChecked) return { kind, ...harmless };
  return {
    kind,
    locks: (facts?.tables ?? []).map((on) => ({ on, mode: 'SHARE' })),
    rewrites: 'no',
    scans: facts === undefined ? 'maybe' : facts.tables.length > 0 ? 'yes' : 'no',
    findings: [
      {
        rule: 'domain-constraint',
        severity: 'unsafe',
        breaks: ['writes'],
        message: `each row of every table with a column of ${nameText(domain)} is checked while nobody can write`,
        safe: ['ALTER DOMAIN ... ADD CONSTRAINT ... NOT VALID', 'ALTER DOMAIN ... VALIDATE CONSTRAINT ...'],
      },
    ],
  };
}
