import { unwrap } from '@millrace/client';
import { clusterOptions } from '../cluster/cluster-options.ts';
import { describeGroup, type GroupLag, noSuchGroup } from '../cluster/group-lag.ts';
import { openCluster } from '../cluster/open-cluster.ts';
import { command } from '../framework/command.ts';
import { confirm, destructiveOptions } from '../framework/confirm.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { counted } from '../framework/table.ts';

export const groupDelete = command({
  name: 'group delete',
  summary: 'Delete consumer groups',
  description: 'Their committed offsets are gone for good. A group can be deleted only while it has no members.',
  operands: [{ name: 'GROUP', help: 'names of the groups to delete', many: true }],
  options: { ...destructiveOptions, ...clusterOptions },
  examples: [{ command: 'millrace group delete billing-test --cluster east --yes', does: 'Without a question' }],
  async run({ options, operands, terminal }) {
    await using cluster = await openCluster(options);
    const { signal, output } = terminal;
    const groups: GroupLag[] = [];
    for (const name of operands) {
      const group = await describeGroup(cluster, name, { signal });
      if (group === undefined) throw await noSuchGroup(name, cluster);
      groups.push(group);
    }
    if (!options.dryRun) {
      const deed = `delete ${counted(groups.length, 'consumer group')} on ${cluster.name}: ${operands.join(', ')}`;
      if (!(await confirm(terminal, options, deed))) return exitCodes.failed;
      unwrap(await cluster.admin.deleteGroups(operands, { signal }));
    }
    const deleted = groups.map(({ group, offsets }) => ({ group, offsets: offsets.length }));
    if (terminal.json) {
      output.json({ cluster: cluster.name, dryRun: options.dryRun, deleted });
      return undefined;
    }
    const verb = options.dryRun ? 'Would delete' : 'Deleted';
    for (const { group, offsets } of deleted) {
      output.line(`${verb} ${group} on ${cluster.name} with its ${counted(offsets, 'committed offset')}.`);
    }
    return undefined;
  },
});
