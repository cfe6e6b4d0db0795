/** What the schema says of a fleet file's value, with the name that may have been meant in place of an unknown one. */
import { type Checker, compileChecker } from '@millrace/api';
import { nearest } from '@millrace/base';
import type { TSchema } from 'typebox';
import { type Finding, stepsOfPointer } from '../declared/check/finding.ts';
import { FleetFileSchema, type WrittenFleet } from './schema.ts';

/** The value as it may be used, or all that is wrong with it. */
export function checkSchema(
  value: unknown,
): { readonly fleet: WrittenFleet } | { readonly findings: readonly Finding[] } {
  const findings = schemaFindings(fleetFileChecker(), value);
  return findings.length === 0 ? { fleet: value as WrittenFleet } : { findings };
}

let compiled: Checker<TSchema> | undefined;

function fleetFileChecker(): Checker<TSchema> {
  compiled ??= compileChecker(FleetFileSchema as TSchema);
  return compiled;
}

/** What a schema says of a value. */
export function schemaFindings(checker: Checker<TSchema>, value: unknown): Finding[] {
  return checker.issues(value).map(({ field, message }) => {
    const steps = stepsOfPointer(field);
    return { steps, message: unknownName(checker.schema as Shape, steps) ?? message };
  });
}

/** The shapes of a schema that matter here. */
interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
}

/** The sentence for a field that there is none of by this name; undefined when the schema has the field. */
function unknownName(schema: Shape, steps: readonly string[]): string | undefined {
  let shape: Shape | undefined = schema;
  for (const step of steps.slice(0, -1)) shape = shape?.items ?? shape?.properties?.[step];
  const name = steps.at(-1);
  const known = Object.keys(shape?.properties ?? {});
  if (name === undefined || shape?.properties === undefined || known.includes(name)) return undefined;
  const meant = nearest(name, known);
  if (meant !== undefined) return `is not known here; did you mean ${meant}?`;
  return known.length > 14 ? 'is not known here' : `is not known here; there are ${known.join(', ')}`;
}
