/** Names as applications declare them: one with a star at its end stands for all that begin so. */
import type { TopicUse } from './topic.ts';

/** The star alone fits every name. */
export function fitsName(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** The groups, as patterns, that an application may consume with where it declares none. */
export function usualGroups(application: string): string[] {
  return [application, `${application}.*`];
}

/** The groups, as patterns, that an application consumes with. */
export function groupsOf(application: string, use: Pick<TopicUse, 'groups'>): readonly string[] {
  return use.groups ?? usualGroups(application);
}
