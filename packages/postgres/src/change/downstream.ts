/**
 * What a change to a captured table does to those who read its changes: which topic's values change, who reads them by
 * which slot, and under which rules of compatibility a registry takes the new schema. A table is captured when a
 * publication has it.
 */
import type { AlterTableCmd, Node } from 'libpg-query';
import type { Catalog, TableFacts } from '../catalog/catalog.ts';
import { nameText, type ObjectName, quoted, relationName } from '../sql/names.ts';
import { columnType } from '../sql/type-names.ts';
import type { Finding } from './effect.ts';
import { droppedNames } from './operations/indexes.ts';

export type Compatibility = 'NONE' | 'BACKWARD' | 'FORWARD' | 'FULL';

/** A change of the value's schema. `backward`: new readers understand old values. `forward`: old readers new ones. */
interface FieldChange {
  readonly what: string;
  readonly backward: boolean;
  readonly forward: boolean;
}

/** The topic that a table's changes go to, unless its capture was told otherwise. */
export function topicOf(table: ObjectName, { database = 'DATABASE', schema: own }: Catalog): string {
  return `dbsync.${database}.${table.schema ?? own}.${table.name}`;
}

/** `rule`: what the registry asks of the subject of a topic's values. Default BACKWARD, as in a new registry. */
export function downstreamFindings(
  node: Node,
  catalog: Catalog,
  rule: (subject: string) => Compatibility | undefined = () => undefined,
): Finding[] {
  return changesOf(node, catalog).flatMap(({ table, changes }) => {
    if (table.publications.length === 0) return [];
    const topic = topicOf(table.name, catalog);
    const subject = `${topic}-value`;
    const asked = rule(subject) ?? 'BACKWARD';
    const broken = changes.filter((change) => !fits(change, asked));
    const told = changes.map(({ what }) => what).join(', ');
    const kept = [...(changes.every(isBackward) ? ['BACKWARD'] : []), ...(changes.every(isForward) ? ['FORWARD'] : [])];
    const ways = kept.length === 0 ? 'compatible in no way' : `compatible ${kept.join(' and ')}`;
    const refused = broken.length === 0 ? `fits ${asked}` : `a registry with ${asked} refuses it for ${subject}`;
    return [
      {
        rule: 'captured-table',
        severity: broken.length === 0 ? 'warning' : 'unsafe',
        breaks: ['consumers'],
        message: `${topic} (${readersOf(table, catalog)}) changes: ${told}; that is ${ways}, and ${refused}`,
        safe:
          broken.length === 0
            ? []
            : ['add what is new as an optional column of its own; let readers move; then drop the old'],
      } satisfies Finding,
    ];
  });
}

function isBackward({ backward }: FieldChange): boolean {
  return backward;
}

function isForward({ forward }: FieldChange): boolean {
  return forward;
}

function fits(change: FieldChange, rule: Compatibility): boolean {
  const needsBackward = rule === 'BACKWARD' || rule === 'FULL';
  const needsForward = rule === 'FORWARD' || rule === 'FULL';
  return (!needsBackward || change.backward) && (!needsForward || change.forward);
}

/** A capture of ours has a slot of its publication's name; which publications others read is not to be seen. */
function readersOf({ publications }: TableFacts, { slots = [] }: Catalog): string {
  const own = slots.filter(({ name }) => publications.includes(name));
  const read = own.length > 0 ? own : slots;
  const names = read.map(({ name, isActive }) => (isActive ? name : `${name}, which nobody reads now`));
  const by = names.length === 0 ? 'no slot' : `slot ${names.join(', ')}`;
  return `publication ${publications.join(', ')}; ${by}`;
}

interface TableChange {
  readonly table: TableFacts;
  readonly changes: readonly FieldChange[];
}

function changesOf(node: Node, catalog: Catalog): TableChange[] {
  if ('AlterTableStmt' in node && node.AlterTableStmt.relation !== undefined) {
    const table = catalog.table(relationName(node.AlterTableStmt.relation));
    if (table === undefined) return [];
    const commands = (node.AlterTableStmt.cmds ?? []).flatMap((each) =>
      'AlterTableCmd' in each ? [each.AlterTableCmd] : [],
    );
    const changes = commands.flatMap((command) => fieldChange(command, table) ?? []);
    return changes.length === 0 ? [] : [{ table, changes }];
  }
  if ('RenameStmt' in node && node.RenameStmt.relation !== undefined) {
    const { renameType, relation, subname = '', newname = '' } = node.RenameStmt;
    const table = catalog.table(relationName(relation));
    if (table === undefined) return [];
    if (renameType === 'OBJECT_COLUMN') {
      const isOptional = table.columns.get(subname)?.isNotNull === false;
      const what = `field ${quoted(subname)} goes and ${quoted(newname)} comes`;
      return [{ table, changes: [{ what, backward: isOptional, forward: isOptional }] }];
    }
    if (renameType !== 'OBJECT_TABLE') return [];
    const what = `it ends, and goes on as ${topicOf({ ...table.name, name: newname }, catalog)}`;
    return [{ table, changes: [{ what, backward: false, forward: false }] }];
  }
  if ('DropStmt' in node && node.DropStmt.removeType === 'OBJECT_TABLE') {
    return droppedNames(node.DropStmt).flatMap((name) => {
      const table = catalog.table(name);
      const what = `${nameText(name)} is gone, and it ends`;
      return table === undefined ? [] : [{ table, changes: [{ what, backward: false, forward: false }] }];
    });
  }
  return [];
}

function fieldChange({ subtype, name = '', def }: AlterTableCmd, table: TableFacts): FieldChange | undefined {
  const column = table.columns.get(name);
  const isNotNull = column?.isNotNull === true;
  switch (subtype) {
    case 'AT_AddColumn': {
      if (def === undefined || !('ColumnDef' in def)) return undefined;
      const { colname = '', constraints = [] } = def.ColumnDef;
      const kinds = constraints.flatMap((each) => ('Constraint' in each ? [each.Constraint.contype] : []));
      const isOptional = !kinds.includes('CONSTR_NOTNULL') && !kinds.includes('CONSTR_PRIMARY');
      const what = `${isOptional ? 'optional ' : ''}field ${quoted(colname)} comes`;
      return { what, backward: isOptional || kinds.includes('CONSTR_DEFAULT'), forward: true };
    }
    case 'AT_DropColumn':
      return { what: `field ${quoted(name)} goes`, backward: true, forward: !isNotNull };
    case 'AT_SetNotNull':
      return isNotNull ? undefined : { what: `field ${quoted(name)} is not optional`, backward: false, forward: true };
    case 'AT_DropNotNull':
      return isNotNull ? { what: `field ${quoted(name)} is optional`, backward: true, forward: false } : undefined;
    case 'AT_AlterColumnType': {
      if (def === undefined || !('ColumnDef' in def) || def.ColumnDef.typeName === undefined) return undefined;
      const to = columnType(def.ColumnDef.typeName).text;
      return retyped(quoted(name), column?.type ?? '', to);
    }
    default:
      return undefined;
  }
}

/** Types that are one type in Avro and JSON, and those that widen: int to long, float to double. */
function retyped(name: string, from: string, to: string): FieldChange | undefined {
  const plain = (type: string): string => type.replace(/\(.*\)/, '');
  const isText = (type: string): boolean => /^(text|character varying|character)$/.test(plain(type));
  if (from === to || (isText(from) && isText(to))) return undefined;
  const wider: Readonly<Record<string, readonly string[]>> = {
    smallint: ['integer', 'bigint', 'real', 'double precision'],
    integer: ['bigint', 'real', 'double precision'],
    bigint: ['real', 'double precision'],
    real: ['double precision'],
  };
  return {
    what: `field ${name} is ${to}, and was ${from}`,
    backward: wider[from]?.includes(to) === true,
    forward: false,
  };
}
