/**
 * The catalog as it is in the middle of a script: with the tables that earlier statements made, the constraints they
 * added and validated, and what they made NOT NULL. So the steps of a safe way, in one script, are seen to be safe.
 */
import type { AlterTableCmd, CreateStmt, Node, RangeVar } from 'libpg-query';
import type { Catalog, ColumnFacts, ConstraintFacts, IndexFacts, TableFacts } from '../catalog/catalog.ts';
import { nameKey, type ObjectName, quoted, relationName } from '../sql/names.ts';
import { columnType } from '../sql/type-names.ts';
import { notNullColumn } from './operations/expressions.ts';
import { droppedNames } from './operations/indexes.ts';

export class ScriptCatalog implements Catalog {
  readonly serverVersion: number;
  readonly isRead: boolean;
  readonly schema: string;
  readonly database: string | undefined;
  readonly slots: Catalog['slots'];
  readonly #before: Catalog;
  readonly #changed = new Map<string, TableFacts>();
  readonly #new = new Set<string>();
  readonly #dropped = new Set<string>();

  constructor(before: Catalog) {
    this.#before = before;
    this.serverVersion = before.serverVersion;
    this.isRead = before.isRead;
    this.schema = before.schema;
    this.database = before.database;
    this.slots = before.slots;
  }

  #key({ schema = this.schema, name }: ObjectName): string {
    return nameKey({ schema, name });
  }

  table(name: ObjectName): TableFacts | undefined {
    return this.#changed.get(this.#key(name)) ?? this.#before.table(name);
  }

  tableOfIndex(index: ObjectName): TableFacts | undefined {
    const isIt = (each: IndexFacts) => each.name.name === index.name;
    return [...this.#changed.values()].find(({ indexes }) => indexes.some(isIt)) ?? this.#before.tableOfIndex(index);
  }

  type(name: string): ReturnType<Catalog['type']> {
    return this.#before.type(name);
  }

  isVolatile(functionName: ObjectName): boolean | undefined {
    return this.#before.isVolatile(functionName);
  }

  referencing(name: ObjectName): readonly ObjectName[] {
    return this.#before.referencing(name);
  }

  isNew(name: ObjectName): boolean {
    return this.#new.has(this.#key(name));
  }

  isDropped(relation: RangeVar | undefined): boolean {
    return relation !== undefined && this.#dropped.has(this.#key(relationName(relation)));
  }

  /** Takes in what the statement changes. */
  follow(node: Node): void {
    if ('CreateStmt' in node) this.#create(node.CreateStmt);
    else if ('DropStmt' in node) for (const name of droppedNames(node.DropStmt)) this.#dropped.add(this.#key(name));
    else if ('IndexStmt' in node && node.IndexStmt.relation !== undefined) {
      const { relation, idxname = '', indexParams = [], unique } = node.IndexStmt;
      const columns = indexParams.flatMap((each) => ('IndexElem' in each ? [each.IndexElem.name ?? ''] : []));
      const name = { schema: relation.schemaname, name: idxname };
      this.#change(relationName(relation), ({ indexes }) => ({
        indexes: [...indexes, { name, columns, isUnique: unique === true, isValid: true, definition: '' }],
      }));
    } else if ('AlterTableStmt' in node && node.AlterTableStmt.relation !== undefined) {
      const table = relationName(node.AlterTableStmt.relation);
      for (const command of node.AlterTableStmt.cmds ?? []) {
        if ('AlterTableCmd' in command) this.#alter(table, command.AlterTableCmd);
      }
    }
  }

  #create({ relation, tableElts = [], if_not_exists: isOptional }: CreateStmt): void {
    if (relation === undefined) return;
    const name = relationName(relation);
    if (isOptional === true && this.table(name) !== undefined) return;
    const columns = new Map<string, ColumnFacts>();
    for (const element of tableElts) {
      if (!('ColumnDef' in element) || element.ColumnDef.typeName === undefined) continue;
      const type = columnType(element.ColumnDef.typeName).text;
      columns.set(element.ColumnDef.colname ?? '', { ...plainColumn, type });
    }
    this.#new.add(this.#key(name));
    this.#changed.set(this.#key(name), { ...emptyTable(name), columns });
  }

  #alter(table: ObjectName, { subtype, name = '', def }: AlterTableCmd): void {
    if (subtype === 'AT_AddConstraint' && def !== undefined && 'Constraint' in def) {
      const { conname = '', contype, raw_expr: condition, skip_validation: isLeftOut, pktable } = def.Constraint;
      const column = notNullColumn(condition);
      const added: ConstraintFacts = {
        name: conname,
        kind: contype === 'CONSTR_FOREIGN' ? 'foreign' : contype === 'CONSTR_CHECK' ? 'check' : 'unique',
        columns: column === undefined ? [] : [column],
        definition: column === undefined ? '' : `CHECK ((${quoted(column)} IS NOT NULL))`,
        isValid: isLeftOut !== true,
        references: pktable === undefined ? undefined : relationName(pktable),
      };
      this.#change(table, ({ constraints }) => ({ constraints: [...constraints, added] }));
    } else if (subtype === 'AT_ValidateConstraint') {
      this.#change(table, ({ constraints }) => ({
        constraints: constraints.map((each) => (each.name === name ? { ...each, isValid: true } : each)),
      }));
    } else if (subtype === 'AT_DropConstraint') {
      this.#change(table, ({ constraints }) => ({ constraints: constraints.filter((each) => each.name !== name) }));
    } else if (subtype === 'AT_SetNotNull') {
      this.#change(table, ({ columns }) => {
        const known = columns.get(name) ?? plainColumn;
        return { columns: new Map([...columns, [name, { ...known, isNotNull: true }]]) };
      });
    }
  }

  #change(name: ObjectName, change: (table: TableFacts) => Partial<TableFacts>): void {
    const table = this.table(name) ?? emptyTable(name);
    this.#changed.set(this.#key(name), { ...table, ...change(table) });
  }
}

const plainColumn: ColumnFacts = { type: '', isNotNull: false, hasDefault: false, default: null, special: '' };

function emptyTable(name: ObjectName): TableFacts {
  return {
    name,
    kind: 'table',
    rows: 0,
    bytes: 0,
    columns: new Map(),
    constraints: [],
    indexes: [],
    partitions: [],
    publications: [],
  };
}
