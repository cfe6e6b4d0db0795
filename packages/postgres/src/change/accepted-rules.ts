/** Findings that a script's author answers for, said in it: `-- millrace:accept remove-column: unused since 1.2`. */
import type { Rule } from './effect.ts';

const line = /^[ \t]*--[ \t]*millrace:accept[ \t]+([a-z-]+(?:[ \t]*,[ \t]*[a-z-]+)*)/gm;

/** They hold for the whole script. */
export function acceptedIn(script: string): ReadonlySet<Rule> {
  const rules = [...script.matchAll(line)].flatMap(([, names = '']) => names.split(',').map((name) => name.trim()));
  return new Set(rules as Rule[]);
}
