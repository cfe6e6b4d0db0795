/** Types as PostgreSQL's `format_type` writes them, from the parse tree. */
import type { Node, TypeName } from 'libpg-query';
import { quoted, wordsOf } from './names.ts';

/** Names inside the server, and those that people see. */
const shown: Readonly<Record<string, string>> = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  bpchar: 'character',
  varchar: 'character varying',
  varbit: 'bit varying',
  timestamptz: 'timestamp with time zone',
  timestamp: 'timestamp without time zone',
  timetz: 'time with time zone',
  time: 'time without time zone',
};

/** `serial` and its kin are no types: a column of the type named here with a sequence as default. */
const serials: Readonly<Record<string, string>> = {
  serial: 'integer',
  serial4: 'integer',
  bigserial: 'bigint',
  serial8: 'bigint',
  smallserial: 'smallint',
  serial2: 'smallint',
};

export interface ColumnType {
  /** As `format_type` writes it: `character varying(20)`. */
  readonly text: string;
  /** Without modifiers and brackets: `character varying`. */
  readonly base: string;
  readonly modifiers: readonly number[];
  readonly isArray: boolean;
  readonly isSerial: boolean;
  /** Whether it comes with the server, as far as its name tells. */
  readonly isBuiltIn: boolean;
}

const builtIn = new Set([
  ...Object.values(shown),
  ...[
    'numeric',
    'text',
    'bytea',
    'uuid',
    'json',
    'jsonb',
    'xml',
    'inet',
    'cidr',
    'macaddr',
    'macaddr8',
    'money',
    'date',
  ],
  ...[
    'interval',
    'bit',
    'point',
    'line',
    'lseg',
    'box',
    'path',
    'polygon',
    'circle',
    'tsvector',
    'tsquery',
    'oid',
    'name',
  ],
  ...['int4range', 'int8range', 'numrange', 'tsrange', 'tstzrange', 'daterange', 'pg_lsn', 'txid_snapshot', 'jsonpath'],
  ...['int4multirange', 'int8multirange', 'nummultirange', 'tsmultirange', 'tstzmultirange', 'datemultirange'],
]);

export function columnType({ names, typmods, arrayBounds }: TypeName): ColumnType {
  const words = wordsOf(names).filter((word, index, all) => !(index === 0 && all.length > 1 && word === 'pg_catalog'));
  const inner = words.at(-1) ?? '';
  const serial = words.length === 1 ? serials[inner] : undefined;
  const base = serial ?? shown[inner] ?? words.map(quoted).join('.');
  const modifiers = base === 'interval' ? [] : (typmods ?? []).flatMap(constantOf);
  const isArray = (arrayBounds ?? []).length > 0;
  return {
    text: `${withModifiers(base, modifiers)}${isArray ? '[]' : ''}`,
    base,
    modifiers,
    isArray,
    isSerial: serial !== undefined,
    isBuiltIn: builtIn.has(base),
  };
}

/** What `format_type` wrote, taken apart again. */
export function parseColumnType(text: string): ColumnType {
  const isArray = text.endsWith('[]');
  const plain = isArray ? text.slice(0, -2) : text;
  const found = /^(.*?)\(([\d, -]+)\)(.*)$/.exec(plain);
  const base = found === null ? plain : `${found[1] ?? ''}${found[3] ?? ''}`;
  const modifiers = found === null ? [] : (found[2] ?? '').split(',').map(Number);
  return { text, base, modifiers, isArray, isSerial: false, isBuiltIn: builtIn.has(base) };
}

/** Modifiers stand behind the first word of `timestamp with time zone`, and at the end of others. */
function withModifiers(base: string, modifiers: readonly number[]): string {
  if (modifiers.length === 0) return base === 'character' || base === 'bit' ? `${base}(1)` : base;
  const [first = '', ...rest] = /^(?:timestamp|time) /.test(base) ? base.split(' ') : [base];
  return [`${first}(${modifiers.join(',')})`, ...rest].join(' ');
}

function constantOf(node: Node): number[] {
  if (!('A_Const' in node)) return [];
  const { ival } = node.A_Const as { readonly ival?: { readonly ival?: number } };
  return ival === undefined ? [] : [ival.ival ?? 0];
}
