/** Indexes made, dropped and rebuilt. */
import type { DropStmt, IndexStmt, ReindexStmt } from 'libpg-query';
import { nameOfWords, nameText, type ObjectName, quoted, relationName, type wordsOf } from '../../sql/names.ts';
import { type Context, type Effect, type Finding, harmless, together } from '../effect.ts';

/** From so many columns on an index is seldom worth what it costs. */
const wideColumns = 4;

export function createIndex(statement: IndexStmt, context: Context): Effect {
  const table = statement.relation === undefined ? { name: '' } : relationName(statement.relation);
  const facts = context.catalog.table(table);
  // ONLY on a partitioned table makes an index without those of its partitions, which reads nothing.
  const isOfParentAlone = facts?.kind === 'partitioned' && statement.relation?.inh !== true;
  const mode = statement.concurrent === true ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE';
  const partitions = isOfParentAlone ? [] : (facts?.partitions ?? []);
  const findings: Finding[] = [];
  if (statement.concurrent !== true && !isOfParentAlone) findings.push(blockingIndex(statement, table, facts?.kind));
  const columns = (statement.indexParams ?? []).length;
  if (columns >= wideColumns && statement.unique !== true) {
    findings.push({
      rule: 'wide-index',
      severity: 'warning',
      breaks: ['writes'],
      message: `an index of ${columns} columns that is not unique costs each write more than reads mostly gain`,
      safe: ['keep to the one to three columns that tell most rows apart'],
    });
  }
  return {
    kind: statement.concurrent === true ? 'CREATE INDEX CONCURRENTLY' : 'CREATE INDEX',
    locks: [table, ...partitions].map((on) => ({ on, mode })),
    rewrites: 'no',
    scans: isOfParentAlone ? 'no' : 'yes',
    findings: context.isNew(table) ? findings.filter(({ rule }) => rule === 'wide-index') : findings,
  };
}

function blockingIndex(statement: IndexStmt, table: ObjectName, kind: string | undefined): Finding {
  const name = nameText(table);
  const index = quoted(statement.idxname ?? '...');
  const columns = (statement.indexParams ?? [])
    .map((node) => ('IndexElem' in node && node.IndexElem.name !== undefined ? quoted(node.IndexElem.name) : '...'))
    .join(', ');
  const unique = statement.unique === true ? 'UNIQUE ' : '';
  const safe =
    kind === 'partitioned'
      ? [
          `CREATE ${unique}INDEX ${index} ON ONLY ${name} (${columns})`,
          `CREATE ${unique}INDEX CONCURRENTLY on each partition, and ALTER INDEX ${index} ATTACH PARTITION for each`,
        ]
      : [`CREATE ${unique}INDEX CONCURRENTLY ${index} ON ${name} (${columns})`];
  return {
    rule: 'add-index',
    severity: 'unsafe',
    breaks: ['writes'],
    message: `writes to ${name} wait until the index is built`,
    safe,
  };
}

export function dropIndex({ objects = [], concurrent }: DropStmt, context: Context): Effect {
  const isConcurrent = concurrent === true;
  const kind = isConcurrent ? 'DROP INDEX CONCURRENTLY' : 'DROP INDEX';
  return together(
    kind,
    objects.map((object) => {
      const index = nameOfWords([object]);
      const table = context.catalog.tableOfIndex(index);
      const mode = isConcurrent ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE';
      const locks = table === undefined ? [] : [{ on: table.name, mode } as const];
      if (isConcurrent) return { kind, ...harmless, locks };
      const whose = table === undefined ? 'its table' : nameText(table.name);
      const message = `nobody can read or write ${whose} until the transaction ends`;
      const safe = [`DROP INDEX CONCURRENTLY ${nameText(index)}`];
      const found: Finding = { rule: 'drop-index', severity: 'unsafe', breaks: ['reads', 'writes'], message, safe };
      return { kind, ...harmless, locks, findings: [found] };
    }),
  );
}

export function reindex({ relation, kind: what, params = [], name }: ReindexStmt, context: Context): Effect {
  const isConcurrent = params.some((node) => 'DefElem' in node && node.DefElem.defname === 'concurrently');
  const named = relation === undefined ? { name: name ?? '' } : relationName(relation);
  const table =
    what === 'REINDEX_OBJECT_INDEX'
      ? context.catalog.tableOfIndex(named)?.name
      : what === 'REINDEX_OBJECT_TABLE'
        ? named
        : undefined;
  const kind = isConcurrent ? 'REINDEX CONCURRENTLY' : 'REINDEX';
  const mode = isConcurrent ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE';
  const locks = table === undefined ? [] : [{ on: table, mode } as const];
  if (isConcurrent) return { kind, locks, rewrites: 'no', scans: 'yes', findings: [] };
  return {
    kind,
    locks,
    rewrites: 'yes',
    scans: 'yes',
    findings: [
      {
        rule: 'reindex',
        severity: 'unsafe',
        breaks: ['reads', 'writes'],
        message: 'writes wait until it is built again, and so do reads that would use it',
        safe: [`REINDEX ${(what ?? '').replace('REINDEX_OBJECT_', '')} CONCURRENTLY ${nameText(named)}`],
      },
    ],
  };
}

/** The names that a DROP statement lists. */
export function droppedNames({ objects = [] }: DropStmt): ObjectName[] {
  return objects.map((object) => {
    if ('TypeName' in object) return nameOfWords(object.TypeName.names);
    return nameOfWords('List' in object ? (object.List.items ?? []) : wordsNode(object));
  });
}

function wordsNode(object: Parameters<typeof wordsOf>[0] extends readonly (infer N)[] | undefined ? N : never) {
  return [object];
}
