/** Tables for people: columns aligned, numbers to the right, and on a terminal never wider than it. */
import { printable } from './printable.ts';

export interface Column<Row> {
  readonly title: string;
  /** What the row has in this column; a number is aligned to the right and grouped by thousands, null is `-`. */
  cell(row: Row): string | number | null;
  /** Numbers without grouping: ports, node ids. */
  readonly plain?: true;
  /** May be cut when the terminal is narrow; the widest such column is cut first. */
  readonly shrinks?: true;
}

const GAP = 2;
const SHRUNK_WIDTH_MIN = 8;
const grouped = new Intl.NumberFormat('en-US');

/** The table's lines, heading first. `columns` is the terminal's width; without one nothing is cut. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number | undefined): string[] {
  const cells = rows.map((row) => columns.map((column) => shown(column, row)));
  const alignRight = columns.map((column) => rows.some((row) => typeof column.cell(row) === 'number'));
  const widths = columns.map((column, index) =>
    cells.reduce((widest, line) => Math.max(widest, (line[index] as string).length), column.title.length),
  );
  if (width !== undefined) shrink(widths, columns, width);
  const lay = (line: readonly string[]): string =>
    line
      .map((cell, index) => {
        const cut = clip(cell, widths[index] as number);
        return alignRight[index] ? cut.padStart(widths[index] as number) : cut.padEnd(widths[index] as number);
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  return [lay(columns.map(({ title }) => title)), ...cells.map(lay)];
}

/** A number as people read it: `1,234,567`. */
export function count(value: number): string {
  return grouped.format(value);
}

/** `1 topic`, `2 topics`. */
export function counted(value: number, singular: string, plural = `${singular}s`): string {
  return `${count(value)} ${value === 1 ? singular : plural}`;
}

function shown<Row>(column: Column<Row>, row: Row): string {
  const cell = column.cell(row);
  if (cell === null) return '-';
  if (typeof cell === 'string') return printable(cell);
  return column.plain === true ? String(cell) : count(cell);
}

function shrink<Row>(widths: number[], columns: readonly Column<Row>[], width: number): void {
  const total = (): number => widths.reduce((sum, each) => sum + each, 0) + GAP * (widths.length - 1);
  while (total() > width) {
    let widest = -1;
    for (const [index, column] of columns.entries()) {
      const candidate = widths[index] as number;
      if (column.shrinks === undefined || candidate <= SHRUNK_WIDTH_MIN) continue;
      if (widest < 0 || candidate > (widths[widest] as number)) widest = index;
    }
    if (widest < 0) return;
    widths[widest] = (widths[widest] as number) - 1;
  }
}

function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
