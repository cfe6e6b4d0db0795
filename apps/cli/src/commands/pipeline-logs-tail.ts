import { command } from '../framework/command.ts';
import { filterOptions, filtersOf } from '../logs/filter-options.ts';
import { lineText } from '../logs/line-text.ts';
import { findServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const logsTail = command({
  name: 'pipeline logs tail',
  summary: 'Print lines of logs as they come',
  operands: [{ name: 'WORD', help: 'What lines must have', optional: true, many: true }],
  options: { ...filterOptions, ...serverOptions },
  serves: true,
  examples: [{ command: 'millrace logs tail --level error', does: 'Watch errors pass' }],
  async run({ options, operands, terminal }) {
    const { followContract, tailLinesContract } = await import('@millrace/api');
    const { url, token } = await findServer(options);
    const { output, signal } = terminal;
    const query = filtersOf(options, operands);
    if (terminal.shows && output.isTerminal) terminal.note('Watching. Ctrl-C stops.');
    for await (const { data } of followContract(url, tailLinesContract, { query }, { token, signal })) {
      if (terminal.json) output.json(data);
      else if ('missed' in data) terminal.note(`${data.missed} lines came faster than they could be shown.`);
      else output.line(lineText(data));
      await output.flush();
    }
    return undefined;
  },
});
