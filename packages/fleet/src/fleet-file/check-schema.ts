/** What the schema says of a fleet file's value, with the name that may have been meant in place of an unknown one. */
import { compileChecker } from '@millrace/api';
import { nearest } from '@millrace/base';
import { FleetFileSchema, type WrittenFleet } from './schema.ts';
import { type Step, stepsOf } from './source-map.ts';

/** Something wrong with a part of the value. */
export interface Finding {
  readonly steps: readonly Step[];
  readonly message: string;
}

/** The value as it may be used, or all that is wrong with it. */
export function checkSchema(
  value: unknown,
): { readonly fleet: WrittenFleet } | { readonly findings: readonly Finding[] } {
  const checker = compileChecker(FleetFileSchema);
  if (checker.check(value)) return { fleet: value };
  const findings = checker.issues(value).map(({ field, message }) => {
    const steps = stepsOf(field);
    return { steps, message: unknownName(steps) ?? message };
  });
  return { findings };
}

/** The shapes of a schema that matter here. */
interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
}

/** The sentence for a field that there is none of by this name; undefined when the schema has the field. */
function unknownName(steps: readonly string[]): string | undefined {
  let shape: Shape | undefined = FleetFileSchema as Shape;
  for (const step of steps.slice(0, -1)) shape = shape?.items ?? shape?.properties?.[step];
  const name = steps.at(-1);
  const known = Object.keys(shape?.properties ?? {});
  if (name === undefined || shape?.properties === undefined || known.includes(name)) return undefined;
  const meant = nearest(name, known);
  if (meant !== undefined) return `is not known here; did you mean ${meant}?`;
  return known.length > 12 ? 'is not known here' : `is not known here; there are ${known.join(', ')}`;
}
