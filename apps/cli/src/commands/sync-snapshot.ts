import { command } from '../framework/command.ts';
import { text, withDefault } from '../framework/option.ts';
import { databaseOption, databaseUrlOf } from '../schema/database-option.ts';

export const syncSnapshot = command({
  name: 'sync snapshot',
  summary: 'Ask a capture to read the rows of tables again while it streams',
  description: `Rows come as events r between the changes, which go on; none is older than the change before it. The
    request goes through the database's log: a capture that does not run now reads them when it runs again.`,
  operands: [{ name: 'TABLE', help: 'schema.table, with * for any characters', many: true }],
  options: {
    ...databaseOption,
    name: withDefault(text({ placeholder: 'NAME', help: 'Of the capture' }), 'millrace'),
  },
  examples: [{ command: 'millrace sync snapshot orders', does: 'One table, of the database in DATABASE_URL' }],
  async run({ operands, options, terminal }) {
    const { requestSnapshot, withConnection } = await import('@millrace/postgres');
    const { name } = options;
    await withConnection(databaseUrlOf(options), (client) =>
      requestSnapshot(client, { capture: name, tables: operands }),
    );
    if (terminal.json) terminal.output.json({ capture: name, tables: operands });
    else terminal.output.line(`Asked capture ${name} for the rows of ${operands.join(', ')}.`);
    return undefined;
  },
});
