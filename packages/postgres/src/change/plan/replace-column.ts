/**
 * A column replaced by another, of another name or type, while old and new code run side by side: both are written by a
 * trigger, old rows are filled, what hangs on the one is made for the other, and only when all code has moved does the
 * old one go.
 */
import type { IndexStmt, Node } from 'libpg-query';
import { parseSync } from 'libpg-query';
import type { Catalog, ColumnFacts, ConstraintFacts, TableFacts } from '../../catalog/catalog.ts';
import { nameKey, nameText, type ObjectName, quoted } from '../../sql/names.ts';
import { toSql, withColumn } from '../../sql/to-sql.ts';
import { handOver, numbersFrom, otherKey, type Reference, referringKeys, refersTo } from './column-keys.ts';
import { createIndexSteps } from './index-steps.ts';
import { notNullSteps } from './not-null-steps.ts';
import type { Step } from './plan.ts';
import { alter, backfill, ddl, gate, on, shortName, validate } from './write.ts';

export interface Replacement {
  readonly table: ObjectName;
  readonly from: string;
  /** The new column's name in the end; the same as `from` where only the type changes. */
  readonly to: string;
  readonly type: string;
  /** The new value from the old one, which is written as `column`; and back. */
  readonly forward: (column: string) => string;
  readonly back: (column: string) => string;
  /** The cast between the two types, where there is none at once. */
  readonly through?: '::text' | undefined;
}

/** Why a column can't be replaced in this way; undefined when it can. */
export function hindrance({ table, from }: Replacement, catalog: Catalog): string | undefined {
  const facts = catalog.table(table);
  const name = `${nameText(table)}.${quoted(from)}`;
  if (facts === undefined) return `${nameText(table)} is not there`;
  if (!facts.columns.has(from)) return `${nameText(table)} has no column ${quoted(from)}`;
  if (keyOf(facts).length === 0) return `${nameText(table)} has no primary key, by which its rows could be filled`;
  if (facts.parent !== undefined) return `${nameText(table)} is a partition`;
  if (/[sv]/.test(facts.columns.get(from)?.special ?? '')) return `${name} is generated`;
  const ofColumn = facts.constraints.filter(({ columns }) => columns.includes(from));
  if (facts.kind === 'partitioned' && ofColumn.some(({ kind }) => /^(primary|unique|foreign)$/.test(kind))) {
    return `${nameText(table)} is partitioned, and ${name} is part of a key of it`;
  }
  const referring = catalog.referencing(table).map((each) => catalog.table(each));
  for (const other of referring) {
    if (other?.constraints.some(({ definition }) => refersTo(definition, table, from)) !== true) continue;
    const isItself = nameKey(other.name) === nameKey(facts.name);
    if (isItself || other.kind !== 'table' || other.parent !== undefined) {
      const what = isItself ? 'the same table' : 'partitioned';
      return `a foreign key of ${nameText(other.name)} refers to ${name}, and that is ${what}`;
    }
  }
  if (facts.constraints.some(({ kind, columns }) => kind === 'exclusion' && columns.includes(from))) {
    return `an exclusion constraint is on ${name}`;
  }
  return undefined;
}

export function keyOf(table: TableFacts | undefined): readonly string[] {
  return table?.constraints.find(({ kind }) => kind === 'primary')?.columns ?? [];
}

export function replaceColumnSteps(wanted: Replacement, catalog: Catalog): Step[] {
  const { table, from, to, type } = wanted;
  const facts = catalog.table(table);
  const column = facts?.columns.get(from);
  if (facts === undefined || column === undefined) return [];
  const isRename = from !== to;
  const added = isRename ? to : shortName(from, 'new');
  const name = nameText(table);
  const steps: Step[] = [
    alter(table, `column ${quoted(added)} of ${name}, empty`, `ADD COLUMN ${quoted(added)} ${type}`),
    writeBoth(wanted, from, added),
    backfill(table, keyOf(facts), {
      title: `fill ${name}.${quoted(added)} of old rows`,
      set: `${quoted(added)} = ${wanted.forward(quoted(from))}`,
      where: `${quoted(added)} IS NULL AND ${quoted(from)} IS NOT NULL`,
    }),
  ];
  if (column.isNotNull) steps.push(...notNullSteps(table, added));
  const { built, taken, renamed } = companions(facts, from, { added, catalog });
  steps.push(...built);
  const referring = referringKeys(wanted, catalog);
  for (const reference of referring) steps.push(...otherKey(wanted, reference, added));
  if (isRename) {
    steps.push(
      gate(`all code names ${quoted(to)} instead of ${quoted(from)}, and is deployed`, [
        { table, column: from, by: to },
      ]),
    );
    steps.push(endSteps(wanted, from, { column, added, taken, renamed, referring }));
    return steps;
  }
  const old = shortName(from, 'old');
  steps.push(switchStep(wanted, { added, old, column, taken, referring }));
  steps.push(
    gate(`all code works with ${quoted(from)} of type ${type}, and is deployed`, [{ table, column: old, by: from }]),
  );
  steps.push(endSteps(wanted, old, { column, added: from, taken: [], renamed, referring: [] }));
  return steps;
}

/** The trigger that writes the one column when code writes the other. */
function writeBoth(wanted: Replacement, old: string, added: string): Step {
  const routine = routineOf(wanted);
  const { table } = wanted;
  return ddl(
    `writers of ${quoted(old)} write ${quoted(added)} too, and the other way round`,
    [
      routineSql(wanted, { old, added, isSwitched: false }),
      `CREATE OR REPLACE TRIGGER ${quoted(routine.name)} BEFORE INSERT OR UPDATE ON ${nameText(table)} ` +
        `FOR EACH ROW EXECUTE FUNCTION ${nameText(routine)}()`,
    ],
    [on(table, 'SHARE ROW EXCLUSIVE')],
  );
}

function routineOf({ table, from }: Replacement): ObjectName {
  return { schema: table.schema, name: shortName('millrace', table.name, from) };
}

/**
 * Of a new row the column without a default tells which of the two was written: the new one before the switch, the old
 * one behind it. A new value that the old type can't hold leaves the old column empty. Rows that are filled are left
 * alone.
 */
function routineSql(
  wanted: Replacement,
  { old, added, isSwitched }: { readonly old: string; readonly added: string; readonly isSwitched: boolean },
): string {
  const [older, newer] = [`NEW.${quoted(old)}`, `NEW.${quoted(added)}`];
  const isOldInserted = isSwitched ? `${older} IS NOT NULL` : `${newer} IS NULL`;
  const isOldWritten = `TG_OP = 'UPDATE' AND ${older} IS DISTINCT FROM OLD.${quoted(old)}`;
  const isNewWritten = `TG_OP = 'INSERT' OR ${newer} IS DISTINCT FROM OLD.${quoted(added)}`;
  return [
    `CREATE OR REPLACE FUNCTION ${nameText(routineOf(wanted))}() RETURNS trigger LANGUAGE plpgsql AS $millrace$ BEGIN`,
    "IF current_setting('millrace.backfill', true) = 'on' THEN RETURN NEW; END IF;",
    `IF TG_OP = 'INSERT' AND ${isOldInserted} OR ${isOldWritten} THEN ${newer} := ${wanted.forward(older)};`,
    `ELSIF ${isNewWritten} THEN`,
    `BEGIN ${older} := ${wanted.back(newer)}; EXCEPTION WHEN data_exception THEN ${older} := NULL; END;`,
    'END IF; RETURN NEW; END $millrace$',
  ].join(' ');
}

/** Indexes and constraints that the old column has, for the new one, under names of their own till the switch. */
function companions(
  facts: TableFacts,
  from: string,
  { added, catalog }: { readonly added: string; readonly catalog: Catalog },
): { built: Step[]; taken: ConstraintFacts[]; renamed: (readonly [from: ObjectName, to: string])[] } {
  const built: Step[] = [];
  const taken: ConstraintFacts[] = [];
  const renamed: (readonly [from: ObjectName, to: string])[] = [];
  const table = facts.name;
  const constraints = facts.constraints.filter(({ columns }) => columns.includes(from));
  for (const index of facts.indexes) {
    if (!mentions(index.definition, from)) continue;
    const [parsed] = parseSync(index.definition).stmts ?? [];
    if (parsed?.stmt === undefined || !('IndexStmt' in parsed.stmt)) continue;
    const name = shortName(index.name.name, 'new');
    const statement: IndexStmt = { ...withColumn(parsed.stmt.IndexStmt, from, added), idxname: name, concurrent: true };
    if (facts.kind === 'partitioned') {
      const { relation } = statement;
      const whole = relation === undefined ? {} : { relation: { ...relation, inh: true } };
      built.push(...createIndexSteps({ ...statement, ...whole }, catalog));
      renamed.push([{ schema: table.schema, name }, index.name.name]);
      continue;
    }
    built.push({
      kind: 'alone',
      title: `index ${name}, for ${quoted(added)}`,
      sql: toSql({ IndexStmt: statement } as Node),
      isOutside: true,
      makesIndex: { schema: table.schema, name },
      locks: [on(table, 'SHARE UPDATE EXCLUSIVE')],
    });
    const constraint = constraints.find(
      (each) => (each.kind === 'unique' || each.kind === 'primary') && each.name === index.name.name,
    );
    if (constraint !== undefined) taken.push(constraint);
    else renamed.push([{ schema: table.schema, name }, index.name.name]);
  }
  for (const constraint of constraints) {
    if (constraint.kind !== 'check' && constraint.kind !== 'foreign') continue;
    const name = shortName(constraint.name, 'new');
    const definition = constraintFor(facts, constraint, from, added);
    const isValid = constraint.isValid;
    built.push(alter(table, `${name} holds for new rows`, `ADD CONSTRAINT ${quoted(name)} ${definition} NOT VALID`));
    if (isValid) built.push(validate(table, name));
    taken.push(constraint);
  }
  return { built, taken, renamed };
}

function mentions(definition: string, column: string): boolean {
  return (
    definition !== '' &&
    JSON.stringify(parseSync(definition)) !== JSON.stringify(withColumn(parseSync(definition), column, '\u0000'))
  );
}

/** The constraint's text for the other column. */
function constraintFor(
  { name }: TableFacts,
  { definition, kind }: ConstraintFacts,
  from: string,
  added: string,
): string {
  const plain = definition.replace(/ NOT VALID$/, '');
  if (kind === 'foreign') {
    const [, list = '', rest = ''] = /^FOREIGN KEY \(([^)]*)\)(.*)$/s.exec(plain) ?? [];
    const columns = list.split(', ').map((each) => (each === quoted(from) ? quoted(added) : each));
    return `FOREIGN KEY (${columns.join(', ')})${rest}`;
  }
  const { stmts = [] } = parseSync(`ALTER TABLE ${nameText(name)} ADD CONSTRAINT x ${plain}`);
  const changed = toSql(withColumn(stmts[0]?.stmt as Node, from, added));
  return changed.slice(changed.indexOf(' CONSTRAINT x ') + ' CONSTRAINT x '.length);
}

/** Names change hands, in one instant; from then on the old column is the one that is written after. */
function switchStep(
  wanted: Replacement,
  {
    added,
    old,
    column,
    taken,
    referring,
  }: {
    readonly added: string;
    readonly old: string;
    readonly column: ColumnFacts;
    readonly taken: readonly ConstraintFacts[];
    readonly referring: readonly Reference[];
  },
): Step {
  const { table, from, type, through = '' } = wanted;
  const name = nameText(table);
  const sql = [
    `ALTER TABLE ${name} RENAME COLUMN ${quoted(from)} TO ${quoted(old)}`,
    `ALTER TABLE ${name} RENAME COLUMN ${quoted(added)} TO ${quoted(from)}`,
    routineSql(wanted, { old, added: from, isSwitched: true }),
    ...handOver(table, taken, referring),
    ...numbersFrom(table, { old, added: from, column, type }),
    ...(column.isNotNull ? [`ALTER TABLE ${name} ALTER COLUMN ${quoted(old)} DROP NOT NULL`] : []),
    ...(column.default === null
      ? []
      : [
          `ALTER TABLE ${name} ALTER COLUMN ${quoted(old)} DROP DEFAULT`,
          `ALTER TABLE ${name} ALTER COLUMN ${quoted(from)} SET DEFAULT ${defaultAs(column.default, type, through)}`,
        ]),
  ];
  const locks = [on(table), ...referring.map((reference) => on(reference.table))];
  return ddl(`${name}.${quoted(from)} is the one of type ${type}`, sql, locks);
}

/** A text as it stands, so that nothing of the old type is needed any more. */
function defaultAs(value: string, type: string, through: string): string {
  const [, text] = /^('(?:[^']|'')*')::[\w." ]+$/.exec(value) ?? [];
  return through !== '' && text !== undefined ? `${text}::${type}` : `(${value})${through}::${type}`;
}

interface End {
  readonly column: ColumnFacts;
  readonly added: string;
  readonly taken: readonly ConstraintFacts[];
  /** Indexes that get the names of those that go with the old column. */
  readonly renamed: readonly (readonly [from: ObjectName, to: string])[];
  readonly referring: readonly Reference[];
}

function endSteps(wanted: Replacement, old: string, { column, added, taken, renamed, referring }: End): Step {
  const { table, from, to } = wanted;
  const name = nameText(table);
  const routine = routineOf(wanted);
  const keepsDefault = from !== to && column.default !== null;
  return ddl(
    `${name}.${quoted(old)} goes`,
    [
      `DROP TRIGGER ${quoted(routine.name)} ON ${name}`,
      `DROP FUNCTION ${nameText(routine)}()`,
      ...handOver(table, taken, referring),
      ...(keepsDefault ? [`ALTER TABLE ${name} ALTER COLUMN ${quoted(added)} SET DEFAULT ${column.default}`] : []),
      ...(from === to ? [] : numbersFrom(table, { old, added, column, type: wanted.type })),
      `ALTER TABLE ${name} DROP COLUMN ${quoted(old)}`,
      ...renamed.map(([index, own]) => `ALTER INDEX ${nameText(index)} RENAME TO ${quoted(own)}`),
    ],
    [on(table), ...referring.map((reference) => on(reference.table))],
  );
}
