/** What `schema plan` and `schema apply` are told alike, and the plan that follows. */
import type { ChangePlan, Rule, Step } from '@millrace/postgres';
import { many } from '../framework/option.ts';
import type { Output } from '../framework/output.ts';
import { databaseOption, databaseUrlOf } from './database-option.ts';

export const planOptions = {
  ...databaseOption,
  accept: many(
    { placeholder: 'RULE', help: 'Leave statements of this finding as they are written (schema lint names it)' },
    (given) => given,
  ),
} as const;

/** The plan that the change was begun with, or a new one from what the database has. */
export async function planFor(
  script: string,
  options: { readonly databaseUrl: string | undefined; readonly accept: readonly string[] },
): Promise<{ readonly plan: ChangePlan; readonly isBegun: boolean }> {
  const { changeId, changeOf, planScript, readCatalog, readPartitionKeys, withConnection } = await import(
    '@millrace/postgres'
  );
  return await withConnection(databaseUrlOf(options), async (connection) => {
    const begun = await changeOf(connection, changeId(script));
    if (begun !== undefined) return { plan: begun, isBegun: true };
    const catalog = await readCatalog(connection);
    const partitionKeys = await readPartitionKeys(connection);
    return {
      plan: await planScript(script, { catalog, partitionKeys, accepted: new Set(options.accept as Rule[]) }),
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
    case 'gate':
      return [];
  }
}
