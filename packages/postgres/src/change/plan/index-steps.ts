/** Indexes made, dropped and rebuilt while others write. */
import type { DropStmt, IndexStmt, Node, ReindexStmt } from 'libpg-query';
import type { Catalog } from '../../catalog/catalog.ts';
import { nameKey, nameText, type ObjectName, quoted, relationName } from '../../sql/names.ts';
import { toSql } from '../../sql/to-sql.ts';
import { droppedNames } from '../operations/indexes.ts';
import type { AloneStep, Step } from './plan.ts';
import { ddl, on, shortName } from './write.ts';

export function createIndexSteps(statement: IndexStmt, catalog: Catalog): Step[] {
  const table = statement.relation === undefined ? { name: '' } : relationName(statement.relation);
  return indexOn(table, indexNameOf(statement, table), statement, catalog);
}

/** The name that PostgreSQL would choose, but for one that is taken. */
export function indexNameOf(statement: IndexStmt, table: ObjectName): string {
  if (statement.idxname !== undefined) return statement.idxname;
  const columns = (statement.indexParams ?? []).map((node) =>
    'IndexElem' in node ? (node.IndexElem.name ?? 'expr') : '',
  );
  return shortName(table.name, ...columns, 'idx');
}

/** Of a partitioned table the parts get theirs first, each alone, and are attached. */
function indexOn(table: ObjectName, index: string, statement: IndexStmt, catalog: Catalog): Step[] {
  const { relation } = statement;
  if (relation === undefined) return [];
  const schema = catalog.table(table)?.name.schema ?? table.schema;
  const own = { ...statement, idxname: index, relation: { ...relation, schemaname: schema, relname: table.name } };
  const facts = catalog.table(table);
  if (facts?.kind !== 'partitioned') {
    // Where a partition's own index is made, the statement may have said ONLY.
    const sql = toSql({ IndexStmt: { ...own, concurrent: true, relation: { ...own.relation, inh: true } } } as Node);
    return [
      {
        kind: 'alone',
        title: `index ${index} of ${nameText(table)}`,
        sql,
        isOutside: true,
        makesIndex: { schema, name: index },
        locks: [on(table, 'SHARE UPDATE EXCLUSIVE')],
      },
    ];
  }
  const { concurrent: _, ...still } = own;
  const parent = toSql({ IndexStmt: { ...still, relation: { ...own.relation, inh: false } } } as Node);
  const children = facts.partitions.filter((each) => isChild(each, facts.name, catalog));
  return [
    ddl(`index ${index} of ${nameText(table)}, without its partitions`, parent, [on(table, 'SHARE')]),
    ...children.flatMap((child) => {
      const name = shortName(child.name, index);
      const part = nameText({ schema: child.schema, name });
      const attach = `ALTER INDEX ${nameText({ schema, name: index })} ATTACH PARTITION ${part}`;
      return [...indexOn(child, name, statement, catalog), ddl(`${name} is part of ${index}`, attach, [])];
    }),
  ];
}

function isChild(name: ObjectName, parent: ObjectName, catalog: Catalog): boolean {
  const above = catalog.table(name)?.parent;
  return above !== undefined && nameKey(above) === nameKey(parent);
}

export function dropIndexSteps(statement: DropStmt, catalog: Catalog): AloneStep[] {
  return droppedNames(statement).map((index) => dropIndexStep(index, catalog, statement.missing_ok === true));
}

export function dropIndexStep(index: ObjectName, catalog: Catalog, isMissingFine = false): AloneStep {
  const table = catalog.tableOfIndex(index)?.name;
  return {
    kind: 'alone',
    title: `drop index ${nameText(index)}`,
    sql: `DROP INDEX CONCURRENTLY ${isMissingFine ? 'IF EXISTS ' : ''}${nameText(index)}`,
    isOutside: true,
    dropsIndex: index,
    locks: table === undefined ? [] : [on(table, 'SHARE UPDATE EXCLUSIVE')],
  };
}

export function reindexSteps({ relation, kind = 'REINDEX_OBJECT_INDEX' }: ReindexStmt, catalog: Catalog): Step[] {
  const name = relation === undefined ? { name: '' } : relationName(relation);
  const what = kind.replace('REINDEX_OBJECT_', '');
  const table = what === 'INDEX' ? catalog.tableOfIndex(name)?.name : name;
  return [
    {
      kind: 'alone',
      title: `rebuild ${quoted(name.name)}`,
      sql: `REINDEX ${what} CONCURRENTLY ${nameText(name)}`,
      isOutside: true,
      locks: table === undefined ? [] : [on(table, 'SHARE UPDATE EXCLUSIVE')],
    },
  ];
}
