import { hostname } from 'node:os';
import { clusterOptions } from '../cluster/cluster-options.ts';
import { openHome } from '../cluster/open-home.ts';
import { command } from '../framework/command.ts';
import { choice, text, withDefault } from '../framework/option.ts';
import { Progress } from '../framework/progress.ts';
import { counted } from '../framework/table.ts';
import { lineOptions, lineSettings } from '../logs/line-options.ts';

export const logsTailFile = command({
  name: 'pipeline logs tail-file',
  summary: 'Follow files through their rotations, each line stored once',
  description:
    'Lines go to the topic logs.lines, and how far each file was read goes with them in one transaction: killed and ' +
    'started again it goes on where it was, with no line missing or twice. Files that are renamed are read to their ' +
    'end, copies of truncated ones too. When the cluster is slow or away, reading waits.',
  operands: [{ name: 'FILE', help: 'The files', many: true }],
  options: {
    name: withDefault(
      text({ placeholder: 'NAME', help: 'Whose positions these are; the same after a restart' }),
      hostname(),
      "the host's name",
    ),
    from: withDefault(choice({ help: 'Where files that were never read begin' }, ['start', 'end']), 'start'),
    ...lineOptions,
    ...clusterOptions,
  },
  serves: true,
  examples: [
    { command: 'millrace logs tail-file /var/log/app.log --service shop', does: 'Follow a log' },
    { command: 'millrace logs tail-file a.log b.log --from end', does: 'Only what comes from now on' },
  ],
  async run({ options, operands, terminal }) {
    const { tailFiles } = await import('@millrace/pipelines');
    const settings = await lineSettings(options);
    await using cluster = await openHome(options);
    const progress = new Progress(terminal, {
      label: `following ${counted(operands.length, 'file')}`,
      unit: 'records',
    });
    let stored = 0;
    const report = await tailFiles({
      ...settings,
      client: cluster.client,
      paths: operands,
      name: options.name,
      from: options.from,
      signal: terminal.signal,
      onStored: ({ lines }) => {
        stored += lines;
        progress.update(stored);
      },
      warn: (message) => terminal.note(message),
    }).finally(() => progress.end());
    if (terminal.json) terminal.output.json(report);
    else terminal.note(`${counted(report.stored, 'record')} stored.`);
    return undefined;
  },
});
