/** Names and patterns of what is chosen from a cluster. A pattern must match a whole name. */

export type NameFilter = readonly (string | RegExp)[];

/** Whether a name is given as such. */
export function isNamed(filter: NameFilter, name: string): boolean {
  return filter.includes(name);
}

/** Whether a pattern matches the whole name. */
export function isMatched(filter: NameFilter, name: string): boolean {
  return filter.some((each) => typeof each !== 'string' && matchesWhole(each, name));
}

function matchesWhole(pattern: RegExp, name: string): boolean {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, '')).test(name);
}
