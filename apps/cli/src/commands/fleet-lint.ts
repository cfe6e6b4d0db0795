import { isMillraceError } from '@millrace/base';
import type { FleetFileError } from '@millrace/fleet';
import { command } from '../framework/command.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { counted } from '../framework/table.ts';

export const fleetLint = command({
  name: 'fleet lint',
  summary: 'Check a fleet file, without a server',
  description: `Names, references from one thing to another, what can be set for a topic, secrets that are none of the
    file's: all that is wrong is told at once. In a file without clusters, what it refers to and does not list is not
    judged.`,
  operands: [{ name: 'FILE', help: 'the fleet file' }],
  options: {},
  examples: [{ command: 'millrace fleet lint fleet.yaml', does: 'In a pipeline, before it is merged' }],
  async run({ operands, terminal }) {
    const { readFleetFile } = await import('@millrace/fleet');
    const { kindNames, kinds } = await import('@millrace/api/declared');
    const [file = ''] = operands;
    const { output } = terminal;
    try {
      const { declared } = await readFleetFile(file, { mayBePart: true });
      const counts = kindNames.flatMap((kind) => {
        const list = declared[kind];
        return list === undefined ? [] : [{ kind, list: kinds[kind].list, count: list.length }];
      });
      if (terminal.json) {
        output.json({ file, sound: true, counts: Object.fromEntries(counts.map(({ list, count }) => [list, count])) });
      } else {
        const things = counts.map(({ kind, list, count }) => counted(count, kind, list)).join(', ');
        output.line(`${file} is sound: ${things || 'it is empty'}.`);
      }
      return undefined;
    } catch (error) {
      if (!terminal.json || !isMillraceError(error, 'fleet_file_invalid')) throw error;
      output.json({ file, sound: false, problems: (error as FleetFileError).problems });
      return exitCodes.failed;
    }
  },
});
