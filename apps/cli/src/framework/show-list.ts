/** How commands show lists: one JSON object, or a table; a sentence where there is nothing, or more than is shown. */
import { integer, withDefault } from './option.ts';
import { type Column, table } from './table.ts';
import type { Terminal } from './terminal.ts';

export const limitOption = {
  limit: withDefault(integer({ placeholder: 'N', help: 'How many at most' }, { min: 1, max: 100_000 }), 100),
} as const;

export interface List<Row> {
  /** Its field in JSON: `operations`. */
  readonly name: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  /** Told when there are no rows, as a sentence. */
  readonly none: string;
  /** Of a list with a limit: whether there are more. */
  readonly more?: boolean | undefined;
}

export async function showList<Row>({ name, rows, columns, none, more }: List<Row>, terminal: Terminal): Promise<void> {
  const { json, output } = terminal;
  if (json) return output.json({ [name]: rows, ...(more !== undefined && { more }) });
  if (rows.length === 0) return terminal.note(none);
  for (const line of table(rows, columns, output.columns)) output.line(line);
  if (more !== true) return;
  // Below the list also where both go to one place.
  await output.flush();
  terminal.note('There are more; a greater --limit shows them.');
}

/** A time of the API as lists show it: `2026-01-31 12:00`, in UTC. */
export function minuteOf(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}
