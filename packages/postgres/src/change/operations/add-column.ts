/** `ALTER TABLE ... ADD COLUMN`: instant, unless its value has to be written or checked in each row. */
import type { ColumnDef, Constraint } from 'libpg-query';
import { nameText, type ObjectName, quoted, relationName } from '../../sql/names.ts';
import { type ColumnType, columnType } from '../../sql/type-names.ts';
import type { Certainty, Context, Effect, Finding, LockTaken } from '../effect.ts';
import { isVolatile } from './expressions.ts';

export function addColumn(table: ObjectName, definition: ColumnDef, context: Context): Effect {
  const constraints = (definition.constraints ?? []).flatMap((node) => ('Constraint' in node ? [node.Constraint] : []));
  const type = definition.typeName === undefined ? undefined : columnType(definition.typeName);
  const column = definition.colname ?? '';
  const has = (kind: Constraint['contype']) => constraints.find(({ contype }) => contype === kind);
  const added: Added = { table, column, type, has, context };
  const value = storedValue(added);
  const checked = checksOf(added);
  const findings = [...value.findings, ...checked.findings];
  if (type?.base === 'json') findings.push(asJson(added));
  return {
    kind: 'ALTER TABLE ... ADD COLUMN',
    locks: [{ on: table, mode: 'ACCESS EXCLUSIVE' }, ...checked.locks],
    rewrites: value.rewrites,
    scans: value.rewrites === 'yes' || checked.scans ? 'yes' : value.rewrites,
    findings,
  };
}

interface Added {
  readonly table: ObjectName;
  readonly column: string;
  readonly type: ColumnType | undefined;
  readonly has: (kind: Constraint['contype']) => Constraint | undefined;
  readonly context: Context;
}

/** Whether what stands in the column has to be written into each row. */
function storedValue({ table, column, type, has, context }: Added): {
  readonly rewrites: Certainty;
  readonly findings: Finding[];
} {
  const name = `${nameText(table)}.${quoted(column)}`;
  if (type?.isSerial === true || has('CONSTR_IDENTITY') !== undefined) {
    const message = `each row of ${nameText(table)} is written anew to number it, while nobody can read or write`;
    const safe = [
      `add ${quoted(column)} without a default; let new rows take nextval of a sequence that you create first; ` +
        'number old rows in batches',
    ];
    return { rewrites: 'yes', findings: [unsafe('add-serial-column', message, safe)] };
  }
  const generated = has('CONSTR_GENERATED');
  if (generated !== undefined) {
    if (generated.generated_kind === 'v') return { rewrites: 'no', findings: [] };
    const message = `each row of ${nameText(table)} is written anew to store ${name}, while nobody can read or write`;
    const safe = [
      'add a plain column, fill it by a trigger and old rows in batches; or, from PostgreSQL 18 on, make it VIRTUAL',
    ];
    return { rewrites: 'yes', findings: [unsafe('add-stored-generated-column', message, safe)] };
  }
  const initial = has('CONSTR_DEFAULT')?.raw_expr;
  const volatile = isVolatile(initial, context);
  const domain = type === undefined ? undefined : context.catalog.type(type.base);
  if (domain?.kind === 'domain' && domain.isConstrained && !type?.isArray) {
    const message = `each row of ${nameText(table)} is written anew, since the domain ${type?.base} has constraints`;
    const safe = ["add the column with the domain's base type, and a CHECK that is NOT VALID, then validate it"];
    return { rewrites: 'yes', findings: [unsafe('add-column-constrained-domain', message, safe)] };
  }
  if (volatile === 'no') return { rewrites: 'no', findings: [] };
  const whether = volatile === 'yes' ? '' : 'if its default is volatile, ';
  const message = `${whether}each row of ${nameText(table)} is written anew, while nobody can read or write`;
  const safe = [
    `ALTER TABLE ${nameText(table)} ADD COLUMN ${quoted(column)} ${type?.text ?? ''}`.trimEnd(),
    `ALTER TABLE ${nameText(table)} ALTER COLUMN ${quoted(column)} SET DEFAULT ...`,
    'fill old rows in batches, outside of the transaction',
  ];
  return { rewrites: volatile, findings: [unsafe('add-column-volatile-default', message, safe)] };
}

/** What has to be checked in each row, or locks another table. */
function checksOf({ table, column, has, context }: Added): {
  readonly locks: LockTaken[];
  readonly scans: boolean;
  readonly findings: Finding[];
} {
  const name = nameText(table);
  const findings: Finding[] = [];
  const locks: LockTaken[] = [];
  let scans = false;
  const hasValue = has('CONSTR_DEFAULT') ?? has('CONSTR_IDENTITY') ?? has('CONSTR_GENERATED');
  if (has('CONSTR_NOTNULL') !== undefined && hasValue === undefined && !context.isNew(table)) {
    scans = true;
    const whose = `code that does not know ${quoted(column)}`;
    const message = `it fails where ${name} has rows, and ${whose} can't insert any more`;
    findings.push({
      ...unsafe('add-column-not-null', message, [
        'add it with a constant default, or without NOT NULL; fill old rows in batches; then set NOT NULL safely',
      ]),
      breaks: ['writes', 'running code'],
    });
  }
  if (has('CONSTR_CHECK') !== undefined) {
    scans = true;
    findings.push(
      unsafe('add-check-constraint', `each row of ${name} is checked while nobody can read or write`, [
        'add the column alone, then the constraint NOT VALID, then VALIDATE CONSTRAINT',
      ]),
    );
  }
  if (has('CONSTR_UNIQUE') !== undefined || has('CONSTR_PRIMARY') !== undefined) {
    scans = true;
    findings.push(
      unsafe('add-unique-constraint', `an index of ${name} is built while nobody can read or write`, [
        'add the column alone, then CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... USING INDEX',
      ]),
    );
  }
  const reference = has('CONSTR_FOREIGN')?.pktable;
  if (reference !== undefined) {
    const other = relationName(reference);
    locks.push({ on: other, mode: 'SHARE ROW EXCLUSIVE' });
    scans ||= has('CONSTR_DEFAULT') !== undefined;
    findings.push(
      unsafe('add-reference', `writes to ${nameText(other)} wait until all of the transaction is done`, [
        'add the column; create its index CONCURRENTLY; add the foreign key NOT VALID; then VALIDATE CONSTRAINT',
      ]),
    );
  }
  return { locks, scans, findings: context.isNew(table) ? [] : findings };
}

function asJson({ column }: Added): Finding {
  return {
    rule: 'add-json-column',
    severity: 'warning',
    breaks: ['running code'],
    message: `type json of ${quoted(column)} has no equality, so SELECT DISTINCT and UNION over the table fail`,
    safe: ['use jsonb'],
  };
}

function unsafe(rule: Finding['rule'], message: string, safe: readonly string[]): Finding {
  return { rule, severity: 'unsafe', breaks: ['reads', 'writes'], message, safe };
}
