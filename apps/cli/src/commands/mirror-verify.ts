import type { PartitionVerification, TopicVerification } from '@millrace/mirror';
import { command } from '../framework/command.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { flag, many } from '../framework/option.ts';
import { Progress } from '../framework/progress.ts';
import { counted } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { namesAndPatterns, namesIn } from '../mirror/mirror-choice.ts';
import { findSides, localOption, mirrorOptions } from '../mirror/mirror-sides.ts';

export const mirrorVerify = command({
  name: 'mirror verify',
  summary: 'Compare what a mirror copied with its source',
  description:
    'Reads both sides over what both still hold, and compares key, value, headers and time of each record, and ' +
    'whether it lies where the mirror says; of compacted topics the latest record of each key. What the target does ' +
    'not have yet is no difference. Exits with 3 when there is one.',
  operands: [],
  options: {
    topics: many(
      { placeholder: 'A,B', help: 'Which of its topics; /PATTERN/ for all that match (default: all)' },
      namesIn,
    ),
    uncommitted: flag({ help: 'Read the target as readers of uncommitted records do' }),
    ...localOption,
    ...mirrorOptions,
  },
  examples: [
    { command: 'millrace mirror verify --source east:9092 --target west:9092', does: 'Compare all that was copied' },
    {
      command: 'millrace mirror verify --source east --target west --topics orders --uncommitted --json',
      does: 'One topic, for a script, as readers of uncommitted records see it',
    },
  ],
  async run({ options, terminal }) {
    const topics = namesAndPatterns('--topics', options.topics.flat());
    const { source, target, name, rename } = await findSides(options, terminal);
    const { verifyMirror } = await import('@millrace/mirror');
    const progress = new Progress(terminal, { label: 'comparing', unit: 'records' });
    const done = new Map<string, number>();
    const verified = await verifyMirror({
      name,
      source: source.client,
      target: target.client,
      topics: topics.length === 0 ? undefined : topics,
      rename,
      localOnly: options.localOnly,
      targetIsolation: options.uncommitted ? 'read_uncommitted' : 'read_committed',
      signal: terminal.signal,
      onProgress: (topic, { partition, records }) => {
        done.set(`${topic} ${partition}`, records);
        progress.update([...done.values()].reduce((sum, each) => sum + each, 0));
      },
    }).finally(() => progress.end());
    if (terminal.json) terminal.output.json({ mirror: name, topics: verified });
    else for (const topic of verified) print(topic, terminal);
    return verified.every(({ isEqual }) => isEqual) ? undefined : exitCodes.differences;
  },
});

function print(topic: TopicVerification, { output }: Terminal): void {
  const { source, target, manner, partitions } = topic;
  if (topic.isGone) return output.line(`${source}: not on the source any more, nothing compared`);
  const compared = partitions.reduce((sum, each) => sum + each.compared, 0);
  const lag = partitions.reduce((sum, each) => sum + each.lag, 0);
  const what = manner === 'latest by key' ? 'key' : 'record';
  const verdict = topic.isEqual ? 'equal' : 'different';
  const behind = lag === 0 ? '' : `, ${counted(lag, 'record')} still to come`;
  const passedOver = partitions.reduce((sum, each) => sum + each.passedOver, 0);
  const left = passedOver === 0 ? '' : `, ${counted(passedOver, 'source offset')} passed over by a policy`;
  const names = source === target ? source : `${source} -> ${target}`;
  const where = counted(partitions.length, 'partition');
  output.line(`${names}: ${verdict}, ${counted(compared, what)} compared in ${where}${behind}${left}`);
  for (const partition of topic.onlyInSource) output.line(`  [${partition}] is not on the target`);
  for (const partition of topic.onlyInTarget) output.line(`  [${partition}] is not on the source`);
  for (const each of partitions) if (!each.isEqual) output.line(`  [${each.partition}] ${differences(each)}`);
}

function differences({
  changed,
  misplaced,
  onlyInSource,
  onlyInTarget,
  firstDifference,
}: PartitionVerification): string {
  const counts = [
    [changed, 'changed'],
    [onlyInSource, 'only on the source'],
    [onlyInTarget, 'only on the target'],
    [misplaced, 'not where the mirror says'],
  ].flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`]));
  return `${counts.join(', ')}; the first: ${firstDifference?.sentence ?? 'none'}`;
}
