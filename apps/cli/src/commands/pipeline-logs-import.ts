import { hostname } from 'node:os';
import { clusterOptions } from '../cluster/cluster-options.ts';
import { openHome } from '../cluster/open-home.ts';
import { command } from '../framework/command.ts';
import { Progress } from '../framework/progress.ts';
import { counted } from '../framework/table.ts';
import { lineOptions, lineSettings } from '../logs/line-options.ts';

export const logsImport = command({
  name: 'pipeline logs import',
  summary: 'Store the lines of files, each once',
  description:
    'An import that was interrupted goes on where it was, and importing a file again stores only what was added to it.',
  operands: [{ name: 'FILE', help: 'The files', many: true }],
  options: { ...lineOptions, ...clusterOptions },
  examples: [{ command: 'millrace logs import app.log --service shop', does: 'Store a log' }],
  async run({ options, operands, terminal }) {
    const { tailFiles } = await import('@millrace/pipelines');
    const settings = await lineSettings(options);
    await using cluster = await openHome(options);
    const progress = new Progress(terminal, { label: `importing ${operands.join(', ')}`, unit: 'records' });
    let stored = 0;
    const report = await tailFiles({
      ...settings,
      client: cluster.client,
      paths: operands,
      name: `import from ${hostname()}`,
      isOnce: true,
      signal: terminal.signal,
      onStored: ({ lines }) => {
        stored += lines;
        progress.update(stored);
      },
      warn: (message) => terminal.note(message),
    }).finally(() => progress.end());
    if (terminal.json) terminal.output.json(report);
    else terminal.output.line(`${counted(report.stored, 'record')} stored.`);
    return undefined;
  },
});
