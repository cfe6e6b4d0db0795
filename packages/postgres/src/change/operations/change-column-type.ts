/** `ALTER TABLE ... ALTER COLUMN ... TYPE`: some changes are of the catalog alone, others write the table anew. */
import type { ColumnDef, Node } from 'libpg-query';
import { nameOfWords, nameText, type ObjectName, quoted } from '../../sql/names.ts';
import { type ColumnType, columnType, parseColumnType } from '../../sql/type-names.ts';
import type { Certainty, Context, Effect, Finding } from '../effect.ts';

export function changeColumnType(table: ObjectName, column: string, definition: ColumnDef, context: Context): Effect {
  const to = definition.typeName === undefined ? undefined : columnType(definition.typeName);
  const known = context.catalog.table(table)?.columns.get(column)?.type;
  const base = known === undefined ? undefined : (context.catalog.type(known)?.base ?? known);
  const from = base === undefined ? undefined : parseColumnType(base);
  const rewrites: Certainty =
    to === undefined || from === undefined
      ? 'maybe'
      : isCatalogOnly(from, stored(to, context), definition.raw_default, column)
        ? 'no'
        : 'yes';
  const scans = rewrites === 'no' && isInCheck(table, column, context) ? 'yes' : rewrites;
  return {
    kind: 'ALTER TABLE ... ALTER COLUMN ... TYPE',
    locks: [{ on: table, mode: 'ACCESS EXCLUSIVE' }],
    rewrites,
    scans,
    findings: scans === 'no' ? [] : [finding(table, column, { from, to, rewrites })],
  };
}

/** Constraints on the column are made anew, and each row is checked for them. */
function isInCheck(table: ObjectName, column: string, { catalog }: Context): boolean {
  const constraints = catalog.table(table)?.constraints ?? [];
  return constraints.some(({ kind, columns, isValid }) => kind === 'check' && isValid && columns.includes(column));
}

function finding(
  table: ObjectName,
  column: string,
  {
    from,
    to,
    rewrites,
  }: { readonly from: ColumnType | undefined; readonly to: ColumnType | undefined; readonly rewrites: Certainty },
): Finding {
  const unless =
    rewrites === 'maybe'
      ? ' (unless the change is to text or a wider varchar, or a wider numeric of the same scale)'
      : '';
  const change = from === undefined ? `to ${to?.text}` : `from ${from.text} to ${to?.text}`;
  return {
    rule: 'change-column-type',
    severity: 'unsafe',
    breaks: ['reads', 'writes', 'running code', 'consumers'],
    message:
      `to change ${nameText(table)}.${quoted(column)} ${change}, ` +
      `${rewrites === 'no' ? 'its CHECKs read each row' : 'the table is written anew'} ` +
      `while nobody can read or write${unless}; code and readers of its changes see another type at once`,
    safe: [
      `add a new column of ${to?.text ?? 'the new type'}; write both from a trigger; fill old rows in batches`,
      'read from the new one and deploy that; then stop writing the old one, and drop it',
    ],
  };
}

/** Digits of a second that times have where no number is given. */
const fullPrecision = 6;

/** A domain is stored as what it is one of; a column that becomes one with constraints is written to check them. */
function stored(type: ColumnType, { catalog }: Context): ColumnType {
  const domain = catalog.type(type.base);
  return domain?.base === undefined || domain.isConstrained ? type : parseColumnType(domain.base);
}

/**
 * Whether stored values stay as they are, and need no check (measured: tests/integration/postgres/facts.pg.test.ts).
 * Of timestamps with a zone it holds where the server's time zone is UTC alone, so they count as rewritten.
 */
function isCatalogOnly(from: ColumnType, to: ColumnType, using: Node | undefined, column: string): boolean {
  if (using !== undefined && !isColumnItself(using, column)) return false;
  if (from.isArray !== to.isArray) return false;
  if (from.text === to.text) return true;
  const [fromFirst, fromSecond] = from.modifiers;
  const [toFirst, toSecond] = to.modifiers;
  const isNoNarrower = toFirst === undefined || (fromFirst !== undefined && toFirst >= fromFirst);
  const isVarying = (base: string) => base === 'character varying' || base === 'text';
  if (isVarying(from.base) && isVarying(to.base)) {
    if (to.base === 'text') return true;
    return isNoNarrower && (from.base !== 'text' || toFirst === undefined);
  }
  if (from.base !== to.base) return from.base === 'cidr' && to.base === 'inet';
  switch (to.base) {
    case 'numeric':
      return isNoNarrower && (toFirst === undefined || (toSecond ?? 0) === (fromSecond ?? 0));
    case 'bit varying':
      return isNoNarrower;
    case 'timestamp with time zone':
    case 'timestamp without time zone':
    case 'time with time zone':
    case 'time without time zone':
      return isNoNarrower || toFirst >= fullPrecision;
    default:
      return false;
  }
}

function isColumnItself(using: Node, column: string): boolean {
  if ('TypeCast' in using && using.TypeCast.arg !== undefined) return isColumnItself(using.TypeCast.arg, column);
  return 'ColumnRef' in using && nameOfWords(using.ColumnRef.fields).name === column;
}
