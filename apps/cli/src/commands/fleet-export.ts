import { writeFile } from 'node:fs/promises';
import { command } from '../framework/command.ts';
import { choice, many, text, withDefault } from '../framework/option.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const fleetExport = command({
  name: 'fleet export',
  summary: 'Write the running fleet as a fleet file',
  description: `Topics, ACLs and quotas as they are on the clusters, declared or not, and all else as the record has it.
    Internal topics are left out; secrets are the references that were declared. Applied to an empty fleet it makes the
    same again.`,
  operands: [],
  options: {
    of: withDefault(choice({ help: 'The fleet as it runs, or as it is declared' }, ['fleet', 'record']), 'fleet'),
    cluster: many(
      { placeholder: 'NAME', help: 'Look at this cluster; the others as declared (may be repeated)' },
      (name) => name,
    ),
    output: text({ placeholder: 'FILE', short: 'o', help: 'Write it there, not to stdout' }),
    ...serverOptions,
  },
  examples: [
    { command: 'millrace fleet export -o fleet.yaml', does: 'The whole fleet, to be kept with the code' },
    { command: 'millrace fleet export --of record', does: 'What is declared, without asking any cluster' },
  ],
  async run({ options, terminal }) {
    const { exportDeclaredContract } = await import('@millrace/api/fleet');
    const { of, cluster } = options;
    const query = { of, ...(cluster.length > 0 && { clusters: cluster.join(',') }) };
    const { file, notes, revision } = await callServer(options, exportDeclaredContract, { query }, terminal);
    if (options.output !== undefined) await writeFile(options.output, file);
    if (terminal.json) {
      terminal.output.json({
        revision,
        notes,
        ...(options.output === undefined ? { file } : { written: options.output }),
      });
      return undefined;
    }
    for (const note of notes) terminal.note(`note: ${note}`);
    if (options.output === undefined) terminal.output.text(file);
    else terminal.output.line(`Written to ${options.output}.`);
    return undefined;
  },
});
