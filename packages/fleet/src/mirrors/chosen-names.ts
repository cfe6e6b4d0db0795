/**
 * Names and patterns of a declaration, as a mirror takes them. Pure.
 *
 * A pattern becomes a regular expression that looks for each of its parts once: `*` takes as little as it can, and
 * never more when what follows does not fit, so that no name makes it slow.
 */
import { mirrorTakes } from '../capacity/fleet-topics.ts';

/** What is meant without what is left out; `*` is any text. */
export function chosenNames(patterns: readonly string[], exclude: readonly string[] = []): (string | RegExp)[] {
  return patterns.flatMap((pattern): (string | RegExp)[] => {
    if (!pattern.includes('*'))
      return mirrorTakes({ topics: [pattern], exclude: [...exclude] }, pattern) ? [pattern] : [];
    const names = new GroupNames();
    const refused = exclude.map((each) => `(?!${sourceOf(each, names)}$)`).join('');
    return [new RegExp(`${refused}${sourceOf(pattern, names)}`, 's')];
  });
}

/** Names of groups, each given once. */
class GroupNames {
  #given = 0;

  next(): string {
    return `part${this.#given++}`;
  }
}

function sourceOf(pattern: string, names: GroupNames): string {
  const [first = '', ...rest] = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  const last = rest.pop();
  if (last === undefined) return first;
  const middle = rest
    .filter((part) => part !== '')
    .map((part) => {
      const name = names.next();
      return `(?=(?<${name}>.*?${part}))\\k<${name}>`;
    });
  return `${first}${middle.join('')}.*${last}`;
}
