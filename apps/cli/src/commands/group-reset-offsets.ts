import type { OffsetTarget } from '@millrace/api/fleet';
import { MillraceError } from '@millrace/base';
import { type TopicPartition, unwrap } from '@millrace/client';
import { clusterOptions } from '../cluster/cluster-options.ts';
import { describeGroup, type GroupLag, noSuchGroup } from '../cluster/group-lag.ts';
import { type OpenCluster, openCluster } from '../cluster/open-cluster.ts';
import { partitionsOption, pickPartitions } from '../cluster/partition-choice.ts';
import { type PartitionRange, partitionRanges, resolvePosition } from '../cluster/partition-offsets.ts';
import { type Call, command } from '../framework/command.ts';
import { confirm } from '../framework/confirm.ts';
import { type ExitCode, exitCodes } from '../framework/exit-codes.ts';
import { integer, many, parsed } from '../framework/option.ts';
import { counted, table } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { UsageError } from '../framework/usage-error.ts';
import { planOptions, runPlan } from '../operations/run-plan.ts';
import { type Position, parsePosition, positionForms } from '../records/position.ts';
import { findServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

/** Offsets of a group with members are its members' to commit. */
class GroupHasMembersError extends MillraceError {
  readonly code = 'group_has_members';

  constructor({ group, members, state }: GroupLag) {
    super(
      `${group} is ${state} with ${counted(members.length, 'member')}: its offsets can be moved only while it has none`,
      {
        hint: 'Stop its consumers first.',
      },
    );
  }
}

const resetOptions = {
  to: parsed({ placeholder: 'POSITION', help: `Where the group shall go on: ${positionForms}` }, (text) =>
    parsePosition(text),
  ),
  shift: integer(
    { placeholder: 'N', help: 'In place of --to: so many offsets on from where the group is; back when negative' },
    { min: Number.MIN_SAFE_INTEGER },
  ),
  topic: many({ placeholder: 'TOPIC', short: 't', help: 'Only this topic' }, (name) => name),
  partition: partitionsOption,
  ...planOptions,
  ...serverOptions,
  ...clusterOptions,
} as const;

export const groupResetOffsets = command({
  name: 'group reset-offsets',
  summary: "Move a group's committed offsets",
  description: `Of all topics of which the group has offsets, or of those named with --topic; a group that does not
    exist is made. The group must have no members. Offsets outside a partition go to its start or end. With --server or
    --context the control plane does it, as an operation that is in the log of changes.`,
  operands: [{ name: 'GROUP', help: 'whose offsets to move' }],
  options: resetOptions,
  examples: [
    {
      command: 'millrace group reset-offsets billing --to earliest --cluster east --dry-run',
      does: 'See the move first',
    },
    { command: 'millrace group reset-offsets billing --to 2h --topic orders --cluster east', does: 'Two hours back' },
    {
      command: 'millrace group reset-offsets billing --shift=-100 --cluster east --server http://127.0.0.1:8800',
      does: 'A hundred offsets back, by the control plane',
    },
  ],
  async run({ options, operands, terminal }: Call<typeof resetOptions>) {
    const [group] = operands as [string];
    const { dryRun } = options;
    const to = targetOf(options);
    if (options.server !== undefined || options.context !== undefined) {
      return await resetByServer(group, to, options, terminal);
    }
    await using cluster = await openCluster(options);
    const { admin } = cluster;
    const call = { signal: terminal.signal };
    const before = await describeGroup(cluster, group, call);
    if (before !== undefined && before.members.length > 0) throw new GroupHasMembersError(before);
    const partitions = await partitionsOf(cluster, group, before, { options, operands, terminal });
    const ranges = await partitionRanges(admin, partitions, call);
    const committedAt = ({ topic, partition }: TopicPartition): number | null =>
      before?.offsets.find((row) => row.topic === topic && row.partition === partition)?.committed ?? null;
    const targets =
      to.kind === 'shift'
        ? ranges.map((range) => ({ ...range, offset: between(range, (committedAt(range) ?? range.start) + to.by) }))
        : await resolvePosition(admin, ranges, to, call);
    const moves = targets.map(({ topic, partition, offset }) => ({
      topic,
      partition,
      from: committedAt({ topic, partition }),
      to: offset,
    }));
    if (!dryRun) {
      const deed = `move the offsets of ${group} on ${cluster.name} in ${counted(moves.length, 'partition')}`;
      if (!(await confirm(terminal, options, deed))) return exitCodes.failed;
      unwrap(await admin.commitOffsets(group, targets, call));
    }
    if (terminal.json) {
      terminal.output.json({ cluster: cluster.name, group, dryRun, offsets: moves });
      return undefined;
    }
    const lines = table(
      moves,
      [
        { title: 'TOPIC', cell: (row) => row.topic, shrinks: true },
        { title: 'PARTITION', cell: (row) => row.partition, plain: true },
        { title: 'FROM', cell: (row) => row.from },
        { title: dryRun ? 'WOULD BE' : 'TO', cell: (row) => row.to },
      ],
      terminal.output.columns,
    );
    for (const line of lines) terminal.output.line(line);
    return undefined;
  },
});

type Target = Position | { readonly kind: 'shift'; readonly by: number };

function targetOf({ to, shift }: Call<typeof resetOptions>['options']): Target {
  const hint = 'See `millrace group reset-offsets --help`.';
  if (to !== undefined && shift !== undefined) throw new UsageError('--to and --shift exclude each other', { hint });
  if (shift !== undefined) return { kind: 'shift', by: shift };
  if (to === undefined) throw new UsageError('--to is missing', { hint });
  return to;
}

function between({ start, end }: PartitionRange, offset: number): number {
  return Math.min(end, Math.max(start, offset));
}

async function resetByServer(
  group: string,
  to: Target,
  options: Call<typeof resetOptions>['options'],
  terminal: Terminal,
): Promise<ExitCode | undefined> {
  const { cluster, topic: topics, partition, bootstrap } = options;
  if (cluster === undefined || bootstrap !== undefined) {
    throw new UsageError('with --server the cluster is named: --cluster NAME');
  }
  const partitions = partition.flat();
  if (partitions.length > 0 && topics.length === 0) throw new UsageError('--partition goes with --topic');
  const input = {
    cluster,
    group,
    to: offsetTarget(to),
    ...(topics.length > 0 && {
      topics: topics.map((topic) => ({ topic, ...(partitions.length > 0 && { partitions }) })),
    }),
  };
  return await runPlan(await findServer(options), { kind: 'group_reset', input }, options, terminal);
}

/** As the API has it. */
function offsetTarget(to: Target): OffsetTarget {
  switch (to.kind) {
    case 'tail':
      return { kind: 'tail', records: to.count };
    case 'time':
      return { kind: 'time', time: new Date(to.timestamp).toISOString() };
    default:
      return to;
  }
}

/** Partitions to move: of the topics named, or all of which the group has offsets. */
async function partitionsOf(
  cluster: OpenCluster,
  group: string,
  before: GroupLag | undefined,
  { options: { topic, partition }, terminal: { signal } }: Call<typeof resetOptions>,
): Promise<TopicPartition[]> {
  if (topic.length > 0) return pickPartitions(cluster, topic, partition, { signal });
  if (before === undefined) throw await noSuchGroup(group, cluster);
  const wanted = partition.flat();
  const committed = before.offsets.filter((row) => row.end !== null);
  const chosen = committed.filter((row) => wanted.length === 0 || wanted.includes(row.partition));
  if (chosen.length > 0) return chosen;
  throw new UsageError(
    `${group} has no committed offsets ${wanted.length > 0 ? 'there' : 'yet'}; name topics with --topic`,
  );
}
