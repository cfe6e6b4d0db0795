/**
 * SQL of a parse tree that was changed. What is written is parsed again and compared, so that a mistake of the library
 * that writes it is an error here and never another statement on a server.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Node, parseSync } from 'libpg-query';
import deparser from 'pgsql-deparser';
import { SqlSyntaxError } from './sql-error.ts';

/** One statement, on one line but for texts within it. The parser must be loaded: `parseScript` has been called. */
export function toSql(statement: Node): string {
  const written = deparser
    .deparseSync([statement] as Parameters<typeof deparser.deparseSync>[0], { pretty: false })
    .trim()
    .replace(/;$/, '');
  const text = isOfParentAlone(statement) ? written.replace(' ON ', ' ON ONLY ') : written;
  const [again] = parseSync(text).stmts ?? [];
  if (!isDeepStrictEqual(withoutPlaces(again?.stmt), withoutPlaces(statement))) {
    throw new SqlSyntaxError(`this statement can't be written anew; change it by hand: ${text}`, 1, 1);
  }
  return text;
}

/** Of an index the library leaves ONLY out. */
function isOfParentAlone(statement: Node): boolean {
  return 'IndexStmt' in statement && statement.IndexStmt.relation?.inh !== true;
}

/** An expression, as it stands in a SELECT. */
export function expressionSql(expression: Node): string {
  const select = {
    SelectStmt: {
      targetList: [{ ResTarget: { val: expression } }],
      limitOption: 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    },
  };
  return toSql(select as unknown as Node).replace(/^SELECT\s+/, '');
}

/** A copy of the tree in which `change` has replaced nodes; where it answers undefined they stay. */
export function replaced<T>(tree: T, change: (type: string, node: unknown) => unknown): T {
  const copy = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(copy);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        const other = /^[A-Z]/.test(key) ? change(key, inner) : undefined;
        return [key, other ?? copy(inner)];
      }),
    );
  };
  return copy(tree) as T;
}

/** The tree with each mention of a column under another name, behind `qualifier` if there is one. */
export function withColumn<T>(tree: T, from: string, to: string, qualifier?: string): T {
  return replaced(tree, (type, node) => {
    if (type === 'IndexElem' && (node as { name?: string }).name === from) return { ...(node as object), name: to };
    if (type !== 'ColumnRef') return undefined;
    const { fields = [] } = node as { readonly fields?: readonly { readonly String?: { readonly sval?: string } }[] };
    if (fields.at(-1)?.String?.sval !== from) return undefined;
    const words = qualifier === undefined ? [to] : [qualifier, to];
    return { fields: words.map((sval) => ({ String: { sval } })) };
  });
}

/** The tree without where things stood, and without what says nothing. */
function withoutPlaces(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPlaces);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, inner]) =>
      !/(^|_)location$|^stmt_len$/.test(key) &&
      !(inner === undefined || inner === false || (Array.isArray(inner) && inner.length === 0)),
  );
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutPlaces(inner)]));
}
