import { command } from '../framework/command.ts';
import { confirm, destructiveOptions } from '../framework/confirm.ts';
import { text, withDefault } from '../framework/option.ts';
import { databaseOption, databaseUrlOf } from '../schema/database-option.ts';

export const syncDrop = command({
  name: 'sync drop',
  summary: 'Remove what a capture has at its source: its slot and publication',
  description: `A slot that nobody reads keeps the server from ever forgetting its log, until its disk is full. Topics
    stay.`,
  operands: [],
  options: {
    ...databaseOption,
    name: withDefault(text({ placeholder: 'NAME', help: 'Of the capture' }), 'millrace'),
    ...destructiveOptions,
  },
  examples: [
    { command: 'millrace sync drop --database-url postgres://localhost/shop', does: 'When it is not wanted any more' },
  ],
  async run({ options, terminal }) {
    const { removeSlot, withConnection } = await import('@millrace/postgres');
    const slot = `millrace_${options.name}`;
    const url = databaseUrlOf(options);
    if (options.dryRun) {
      terminal.output.line(`Would remove slot and publication ${slot}.`);
      return undefined;
    }
    if (!(await confirm(terminal, options, `remove slot and publication ${slot}`))) return undefined;
    await withConnection(url, (client) => removeSlot(client, { slot, publication: slot }));
    if (terminal.json) terminal.output.json({ removed: slot });
    else terminal.output.line(`Removed slot and publication ${slot}.`);
    return undefined;
  },
});
