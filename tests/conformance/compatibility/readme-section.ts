/** The parts of the broker's README that are generated: between two comments that name them. */
import { readFileSync, writeFileSync } from 'node:fs';

const readme = new URL('../../../packages/broker/README.md', import.meta.url);

/** What the section holds now. Throws when the README has no such section. */
export function readSection(name: string): string {
  return split(name).content;
}

export function writeSection(name: string, content: string): void {
  const { before, after } = split(name);
  writeFileSync(readme, `${before}${content}${after}`);
}

function split(name: string): { readonly before: string; readonly content: string; readonly after: string } {
  const text = readFileSync(readme, 'utf8');
  const [begin, end] = [`<!-- ${name}: generated -->\n\n`, `\n\n<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`packages/broker/README.md has no section "${name}"`);
  const start = from + begin.length;
  return { before: text.slice(0, start), content: text.slice(start, to), after: text.slice(to) };
}
