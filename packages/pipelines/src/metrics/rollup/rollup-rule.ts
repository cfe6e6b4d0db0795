/** Rules of aggregation: which metric, by which labels. Each makes series of its own, in windows of one minute. */
import { compileChecker } from '@millrace/api';
import { MillraceError } from '@millrace/base';
import { type Static, Type } from 'typebox';

const metricName = Type.String({ pattern: '^[a-zA-Z_:][a-zA-Z0-9_:]*$', description: "Prometheus's name of a metric" });
const label = Type.String({ pattern: '^[a-zA-Z_][a-zA-Z0-9_]*$' });

export const RollupRule = Type.Object(
  {
    name: metricName,
    metric: metricName,
    where: Type.Optional(Type.Record(label, Type.String(), { description: 'Only series with these labels' })),
    by: Type.Array(label, { description: 'The labels that are kept; none for one series of all' }),
  },
  { additionalProperties: false },
);
/** `name` begins the names of what comes out. */
export type RollupRule = Static<typeof RollupRule>;

const checker = compileChecker(Type.Object({ rollups: Type.Array(RollupRule) }, { additionalProperties: false }));

export class RollupRulesError extends MillraceError {
  readonly code = 'invalid_rollups';
}

/** From a value as YAML or JSON has it: `{rollups: [...]}`. @throws RollupRulesError */
export function rollupRules(value: unknown): readonly RollupRule[] {
  if (!checker.check(value)) {
    const [issue] = checker.issues(value);
    throw new RollupRulesError(`the rules of aggregation are not right: ${issue?.field || 'they'} ${issue?.message}`);
  }
  const { rollups } = value as { readonly rollups: readonly RollupRule[] };
  const names = new Set<string>();
  for (const { name } of rollups) {
    if (names.has(name))
      throw new RollupRulesError(`two rules of aggregation are named ${name}; name one of them anew`);
    names.add(name);
  }
  return rollups;
}
