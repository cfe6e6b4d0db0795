/** The rows of DIFFERENCES.md, by which behaviours name what differs. */
import { readFileSync } from 'node:fs';

const page = new URL('../../../packages/broker/DIFFERENCES.md', import.meta.url);

/** The first cells of all rows, without the heads of tables. */
export function listedRows(): Set<string> {
  const lines = readFileSync(page, 'utf8').split('\n');
  const rows = lines.filter((line, at) => line.startsWith('| ') && !lines[at + 1]?.startsWith('|---'));
  return new Set(rows.map((row) => row.split(' | ')[0]?.slice(2) ?? ''));
}
