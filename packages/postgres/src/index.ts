/** PostgreSQL beside Kafka: schema changes without downtime. */
export type { Catalog, ColumnFacts, ConstraintFacts, IndexFacts, TableFacts, TypeFacts } from './catalog/catalog.ts';
export { type Queryable, readCatalog } from './catalog/read-catalog.ts';
export type { Certainty, Effect, Finding, LockTaken, Rule } from './change/effect.ts';
export { type LintedStatement, lintScript } from './change/lint.ts';
export type { LockMode } from './change/lock-modes.ts';
export { PostgresError, withConnection } from './connection.ts';
export { nameText, type ObjectName } from './sql/names.ts';
export { parseScript, type Statement } from './sql/parse-script.ts';
export { SqlSyntaxError } from './sql/sql-error.ts';
