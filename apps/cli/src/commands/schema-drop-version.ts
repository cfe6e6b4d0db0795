import { command } from '../framework/command.ts';
import { confirm, destructiveOptions } from '../framework/confirm.ts';
import { databaseOption, databaseUrlOf } from '../schema/database-option.ts';

export const schemaDropVersion = command({
  name: 'schema drop-version',
  summary: 'Drop a version of a PostgreSQL schema that no code uses any more',
  description: `Its views go, and code that still has it in its search_path fails from then on. Tables and rows stay.
    What only that version showed goes when the change that replaced it is gone on with: schema apply FILE
    --deployed.`,
  operands: [{ name: 'VERSION', help: 'As schema versions lists it' }],
  options: { ...databaseOption, ...destructiveOptions },
  examples: [
    {
      command: 'millrace schema drop-version v1 --database-url postgres://localhost/shop',
      does: 'When all code runs on a newer one',
    },
  ],
  async run({ operands, options, terminal }) {
    const [name = ''] = operands;
    const url = databaseUrlOf(options);
    if (options.dryRun) {
      terminal.output.line(`Would drop version ${name}, with its views.`);
      return undefined;
    }
    if (!(await confirm(terminal, options, `drop version ${name} of the schema; code that uses it fails`)))
      return undefined;
    const { dropVersion, eventText } = await import('@millrace/postgres');
    const report = (event: Parameters<typeof eventText>[0]): void => {
      const line = eventText(event, 1);
      if (line !== undefined) terminal.note(line);
    };
    await dropVersion({ url, name, report, signal: terminal.signal });
    if (terminal.json) terminal.output.json({ dropped: name });
    else terminal.output.line(`Dropped version ${name}.`);
    return undefined;
  },
});
