import { command } from '../framework/command.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { printable } from '../framework/printable.ts';
import { counted } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const auditVerify = command({
  name: 'audit verify',
  summary: 'Check that the audit log is as it was written',
  description:
    'Every entry has a digest over itself and the digest before. Digests are also written down on a cluster, where ' +
    'who can change the database can not change them. Exits with 3 when an entry was changed or is missing.',
  operands: [],
  options: serverOptions,
  examples: [
    { command: 'millrace audit verify', does: 'Find the first entry that was tampered with, if there is one' },
  ],
  async run({ options, terminal }) {
    const { verifyAuditContract } = await import('@millrace/api/fleet');
    const told = await callServer(options, verifyAuditContract, {}, terminal);
    const { intact, entries, first, anchors, head } = told;
    if (terminal.json) {
      terminal.output.json(told);
      return intact ? undefined : exitCodes.differences;
    }
    const { output } = terminal;
    if (first === null)
      output.line(`${counted(entries, 'entry', 'entries')}, all as they were written. Head: ${head.digest}`);
    else output.line(printable(`Entry ${first.seq} is the first that is not as it was written: ${first.problem}.`));
    if (anchors.compared === 0) output.line('No digests were found on the clusters to compare it with.');
    else {
      const where = anchors.clusters.join(', ');
      output.line(`Compared with ${counted(anchors.compared, 'digest')} on ${where}, up to entry ${anchors.newest}.`);
    }
    for (const { cluster, problem } of anchors.unreachable) {
      output.line(printable(`Cluster ${cluster} could not be asked: ${problem}`));
    }
    return intact ? undefined : exitCodes.differences;
  },
});
