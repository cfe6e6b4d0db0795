/** A column made NOT NULL by a constraint that is checked while others go on. */
import { nameText, type ObjectName, quoted } from '../../sql/names.ts';
import type { Step } from './plan.ts';
import { alter, shortName, validate } from './write.ts';

export function notNullSteps(table: ObjectName, column: string): Step[] {
  const constraint = shortName(table.name, column, 'not_null_check');
  const name = `${nameText(table)}.${quoted(column)}`;
  return [
    alter(
      table,
      `no new nulls in ${name}`,
      `ADD CONSTRAINT ${quoted(constraint)} CHECK (${quoted(column)} IS NOT NULL) NOT VALID`,
    ),
    validate(table, constraint),
    alter(table, `${name} is NOT NULL`, `ALTER COLUMN ${quoted(column)} SET NOT NULL`),
    alter(table, 'the constraint has done its work', `DROP CONSTRAINT ${quoted(constraint)}`),
  ];
}
