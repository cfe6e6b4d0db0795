/** What `schema plan` and `schema apply` are told alike, and the plan that follows. */
import type { ChangePlan, Rule, Step, VersionStep } from '@millrace/postgres';
import { many, text } from '../framework/option.ts';
import type { Output } from '../framework/output.ts';
import { UsageError } from '../framework/usage-error.ts';
import { databaseOption, databaseUrlOf } from './database-option.ts';

export const planOptions = {
  ...databaseOption,
  accept: many(
    { placeholder: 'RULE', help: 'Leave statements of this finding as they are written (schema lint names it)' },
    (given) => given,
  ),
  version: text({
    placeholder: 'NAME',
    help: 'Make a schema of this name, with views of the tables as new code sees them: old code runs beside it',
  }),
} as const;

/** The plan that the change was begun with, or a new one from what the database has. */
export async function planFor(
  script: string,
  options: {
    readonly databaseUrl: string | undefined;
    readonly accept: readonly string[];
    readonly version: string | undefined;
  },
): Promise<{ readonly plan: ChangePlan; readonly isBegun: boolean }> {
  const { changeId, changeOf, planScript, readCatalog, readPartitionKeys, withConnection } = await import(
    '@millrace/postgres'
  );
  return await withConnection(databaseUrlOf(options), async (connection) => {
    const begun = await changeOf(connection, changeId(script, options.version));
    if (begun !== undefined && options.version !== undefined && begun.version !== options.version) {
      const as = begun.version === undefined ? 'without a version' : `with the version ${begun.version}`;
      throw new UsageError(`this change was begun ${as}`, { hint: 'Go on with it as it was begun.' });
    }
    if (begun !== undefined) return { plan: begun, isBegun: true };
    const catalog = await readCatalog(connection);
    const partitionKeys = await readPartitionKeys(connection);
    return {
      plan: await planScript(script, {
        ...{ catalog, partitionKeys, version: options.version },
        accepted: new Set(options.accept as Rule[]),
      }),
      isBegun: false,
    };
  });
}

export function showStep(position: number, step: Step, output: Output): void {
  output.line(`${String(position + 1).padStart(3)}  ${step.kind === 'gate' ? `when ${step.title}:` : step.title}`);
  for (const line of sqlOf(step)) output.line(`       ${line}`);
}

function sqlOf(step: Step): readonly string[] {
  switch (step.kind) {
    case 'ddl':
      return step.sql;
    case 'alone':
      return [step.sql];
    case 'backfill':
      return [`in batches: ${step.set === undefined ? 'DELETE' : `SET ${step.set}`} WHERE ${step.where}`];
    case 'version':
      return [`CREATE SCHEMA ${step.version}; of each table of ${step.base} a view${withoutHidden(step)}`];
    case 'gate':
      return [];
  }
}

function withoutHidden({ hides }: VersionStep): string {
  const names = hides.map(({ table: { name }, column }) => (column === undefined ? name : `${name}.${column}`));
  return names.length === 0 ? '' : `, without ${names.join(', ')}`;
}
