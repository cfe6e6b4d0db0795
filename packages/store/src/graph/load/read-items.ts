/**
 * Vertices and edges of lines of text. JSON lines have an object each: a vertex has an `id`, an edge `from` and `to`. A
 * CSV file (RFC 4180, no line breaks in fields) begins with the names of its columns; each line is an edge, and columns
 * that mean nothing else are its properties.
 */
import type { Properties } from '../element.ts';
import { GraphError } from '../graph-error.ts';
import type { LoadItem } from './load-graph.ts';

export interface CsvColumns {
  readonly from: string;
  readonly to: string;
  /** A column, or with `label` the same for all. */
  readonly labelColumn?: string | undefined;
  readonly label?: string | undefined;
  readonly key?: string | undefined;
  readonly weight?: string | undefined;
  readonly time?: string | undefined;
  /** Each line is an edge of its own: its key is the line's number. */
  readonly keyByLine?: boolean | undefined;
}

/** Throws `invalid_line` with the line's number. */
export async function* itemsOfCsv(lines: AsyncIterable<string>, columns: CsvColumns): AsyncGenerator<LoadItem> {
  let names: string[] | undefined;
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line === '') continue;
    const fields = fieldsOf(line, number);
    if (names === undefined) {
      names = fields;
      checkColumns(names, columns);
    } else yield edgeOf(names, fields, columns, number);
  }
}

/** Throws `invalid_line` with the line's number. */
export async function* itemsOfJsonLines(lines: AsyncIterable<string>): AsyncGenerator<LoadItem> {
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === '') continue;
    let item: unknown;
    try {
      item = JSON.parse(line);
    } catch (cause) {
      throw new GraphError('invalid_line', `line ${number} is no JSON: ${line.slice(0, 80)}`, { cause });
    }
    if (typeof item === 'object' && item !== null && 'id' in item) yield { type: 'vertex', vertex: item as never };
    else if (typeof item === 'object' && item !== null && 'from' in item) yield { type: 'edge', edge: item as never };
    else throw new GraphError('invalid_line', `line ${number} has neither an id nor from and to: ${line.slice(0, 80)}`);
  }
}

function checkColumns(names: readonly string[], columns: CsvColumns): void {
  const { from, to, labelColumn, key, weight, time } = columns;
  for (const name of [from, to, labelColumn, key, weight, time]) {
    if (name === undefined || names.includes(name)) continue;
    throw new GraphError('invalid_line', `the file has no column ${name}; it has ${names.join(', ')}`);
  }
}

function edgeOf(names: readonly string[], fields: readonly string[], columns: CsvColumns, number: number): LoadItem {
  if (fields.length !== names.length) {
    throw new GraphError('invalid_line', `line ${number} has ${fields.length} fields, not ${names.length}`);
  }
  const row = new Map(names.map((name, index) => [name, fields[index] as string]));
  const take = (name: string | undefined): string | undefined => {
    const value = name === undefined ? undefined : row.get(name);
    if (name !== undefined) row.delete(name);
    return value === '' ? undefined : value;
  };
  const numberOf = (name: string | undefined): number | undefined => {
    const value = take(name);
    if (value === undefined) return undefined;
    if (!Number.isFinite(Number(value))) {
      throw new GraphError('invalid_line', `line ${number}: ${name} is no number: ${value.slice(0, 80)}`);
    }
    return Number(value);
  };
  const edge = {
    from: take(columns.from) ?? '',
    to: take(columns.to) ?? '',
    label: take(columns.labelColumn) ?? columns.label ?? 'edge',
    key: columns.keyByLine ? String(number) : take(columns.key),
    weight: numberOf(columns.weight),
    time: numberOf(columns.time),
  };
  const properties: Properties = Object.fromEntries([...row].filter(([, value]) => value !== ''));
  return { type: 'edge', edge: { ...edge, properties } };
}

function fieldsOf(line: string, number: number): string[] {
  if (!line.includes('"')) return line.replace(/\r$/, '').split(',');
  const fields: string[] = [];
  const field = /("(?:[^"]|"")*"|[^",\r]*)(,|\r?$)/y;
  for (let end = ','; end === ','; ) {
    const found = field.exec(line);
    if (found === null) throw new GraphError('invalid_line', `line ${number}: a quotation mark has no end`);
    const [, text = '', after = ''] = found;
    fields.push(text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text);
    end = after;
  }
  return fields;
}
