/** Names of objects as the parse tree has them, as PostgreSQL compares them, and as SQL writes them. */
import type { Node, RangeVar } from 'libpg-query';

/** Without a schema it is looked for along the `search_path`. */
export interface ObjectName {
  readonly schema?: string | undefined;
  readonly name: string;
}

export function relationName({ schemaname, relname = '' }: RangeVar): ObjectName {
  return schemaname === undefined ? { name: relname } : { schema: schemaname, name: relname };
}

/** Of a list of words: `{ String: ... }` nodes, or one `List` of them. */
export function nameOfWords(words: readonly Node[] | undefined): ObjectName {
  const parts = wordsOf(words);
  const name = parts.at(-1) ?? '';
  const schema = parts.at(-2);
  return schema === undefined ? { name } : { schema, name };
}

export function wordsOf(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => {
    if ('String' in node) return [node.String.sval ?? ''];
    if ('List' in node) return wordsOf(node.List.items);
    return [];
  });
}

/** The name as a key: two names of one relation have the same, as far as can be told without a `search_path`. */
export function nameKey({ schema = 'public', name }: ObjectName): string {
  return JSON.stringify([schema, name]);
}

/** As it is written in SQL, quoted where it must be. */
export function nameText({ schema, name }: ObjectName): string {
  return schema === undefined ? quoted(name) : `${quoted(schema)}.${quoted(name)}`;
}

/** Words that PostgreSQL reserves; as a name they have to be quoted. */
const reserved = new Set(
  (
    'all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create ' +
    'current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc ' +
    'distinct do else end except false fetch for foreign from grant group having in initially intersect into lateral ' +
    'leading limit localtime localtimestamp not null offset on only or order placing primary references returning ' +
    'select session_user some symmetric system_user table then to trailing true union unique user using variadic ' +
    'when where window with authorization binary collation concurrently cross current_schema freeze full ilike ' +
    'inner is isnull join left like natural notnull outer overlaps right similar tablesample verbose'
  ).split(' '),
);

export function quoted(identifier: string): string {
  if (/^[a-z_][a-z0-9_$]*$/.test(identifier) && !reserved.has(identifier)) return identifier;
  return `"${identifier.replaceAll('"', '""')}"`;
}
