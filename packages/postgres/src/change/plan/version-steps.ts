/**
 * A plan that makes a version of the schema: all that adds comes first, then the views of the version, and what takes
 * away comes last, when all code uses them.
 */
import type { Hidden, Step } from './plan.ts';
import { PlanError } from './plan-error.ts';
import { gate } from './write.ts';

/** `steps`: of each statement those before its gate and those behind it. Throws `PlanError`. */
export function withVersion(
  steps: readonly (readonly Step[])[],
  { version, base }: { readonly version: string; readonly base: string },
): Step[] {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(version) || version === base) {
    throw new PlanError(1, `${version} can not be the name of a version; take lower case letters, digits and _`);
  }
  const before: Step[] = [];
  const behind: Step[] = [];
  const hides: Hidden[] = [];
  for (const ofStatement of steps) {
    const first = ofStatement.findIndex(({ kind }) => kind === 'gate');
    before.push(...(first < 0 ? ofStatement : ofStatement.slice(0, first)));
    for (const step of first < 0 ? [] : ofStatement.slice(first)) {
      if (step.kind === 'gate') hides.push(...step.hides);
      else behind.push(step);
    }
  }
  const views = { kind: 'version', title: `version ${version}: a view of each table of ${base}` } as const;
  const made: Step[] = [...before, { ...views, version, base, hides }];
  if (behind.length === 0) return made;
  return [
    ...made,
    gate(`all code uses version ${version}, and versions that show what goes are dropped`, hides),
    ...behind,
  ];
}
