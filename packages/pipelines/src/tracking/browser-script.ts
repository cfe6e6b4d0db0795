/** The script that web pages load from `/t.js`: `browser/t.js` without its comments and indentation. */
import { readFileSync } from 'node:fs';

/** Reads the script; done once, at start. */
export function browserScript(): string {
  const source = readFileSync(new URL('./browser/t.js', import.meta.url), 'utf8');
  const lines = source.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('//')).join('\n');
}
