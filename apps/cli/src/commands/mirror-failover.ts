import type { FailoverOptions, FailoverPlan, FailoverResult, FailoverSides } from '@millrace/mirror';
import { findCluster } from '../cluster/open-cluster.ts';
import { command } from '../framework/command.ts';
import { confirm, destructiveOptions } from '../framework/confirm.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { flag, integer, many, text, withDefault } from '../framework/option.ts';
import { counted } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { UsageError } from '../framework/usage-error.ts';
import { namesAndPatterns, namesIn } from '../mirror/mirror-choice.ts';
import { findSides, mirrorOptions } from '../mirror/mirror-sides.ts';
import { moveOnlyGroups, onlyGroupsOption } from '../mirror/move-groups.ts';

export const mirrorFailover = command({
  name: 'mirror failover',
  summary: 'Move from the source of a mirror to its target',
  description:
    'Keeps everybody from writing to the topics on the source, waits for open transactions and until all is copied, ' +
    'carries consumer groups and grants to write over, and ends the mirror in this direction: nothing is lost. With ' +
    '--forced the source is left alone, and what was not copied is told. Workers of the mirror may run meanwhile or ' +
    'not. What was broken off is taken up by the same command.',
  operands: [],
  options: {
    topics: many(
      { placeholder: 'A,B', help: 'Which of its topics; /PATTERN/ for all that match (default: the whole mirror)' },
      namesIn,
    ),
    groups: many(
      { placeholder: 'A,B', help: 'The consumer groups that are carried over; likewise (default: all)' },
      namesIn,
    ),
    onlyGroups: onlyGroupsOption,
    cancel: flag({ help: 'Call off a planned failover that was broken off before copying ended: writers may write' }),
    forced: flag({ help: 'The source is gone: go on with what was copied' }),
    unfenced: flag({ help: 'Whoever the source can not keep from writing was stopped: super users, or everybody' }),
    probeConfig: text({
      placeholder: 'FILE',
      help: 'Client settings of one who may write to the source: that he is refused shows that writers are fenced',
    }),
    abortTransactions: flag({ help: 'Abort transactions that do not end in time' }),
    wait: withDefault(
      integer(
        { placeholder: 'SECONDS', help: 'How long transactions may stay open, or copying stand still' },
        { min: 1, max: 86_400 },
      ),
      60,
    ),
    ...destructiveOptions,
    ...mirrorOptions,
  },
  examples: [
    {
      command: 'millrace mirror failover --source east:9092 --target west:9092 --dry-run',
      does: 'What would be moved, and who can not be kept from writing',
    },
    {
      command: 'millrace mirror failover --source east:9092 --target west:9092 --name east-west --forced --yes',
      does: 'The source is lost',
    },
  ],
  async run({ options, terminal }) {
    const topics = namesAndPatterns('--topics', options.topics.flat());
    const groups = namesAndPatterns('--groups', options.groups.flat());
    const onlyGroups = namesAndPatterns('--only-groups', options.onlyGroups.flat());
    throwIfMixed(options, onlyGroups.length > 0, topics.length + groups.length > 0);
    const sides = await findSides(options, terminal, { source: options.forced });
    const { cancelFailover, failover, planFailover } = await import('@millrace/mirror');
    const mirror: FailoverSides = {
      name: sides.name,
      source: sides.source.client,
      target: sides.target.client,
      rename: sides.rename,
      topics: topics.length === 0 ? undefined : topics,
      signal: terminal.signal,
      tell: ({ level, sentence }) => terminal.note(level === 'warn' ? `warn: ${sentence}` : sentence),
    };
    if (onlyGroups.length > 0) {
      const waitMs = options.wait * 1000;
      const move = { direction: 'forward', groups: onlyGroups, to: sides.target.name, waitMs } as const;
      return await moveOnlyGroups(mirror, move, options, terminal);
    }
    if (options.cancel) {
      const deed = `call the failover of mirror ${sides.name} off, so that writers may write to ${sides.source.name}`;
      if (!(await confirm(terminal, options, deed))) return exitCodes.failed;
      const called = await cancelFailover(mirror);
      if (terminal.json) terminal.output.json({ mirror: sides.name, cancelled: called });
      else terminal.output.line(`Called off: ${counted(called.length, 'topic')} stay where they are.`);
      return undefined;
    }
    const given: FailoverOptions = {
      ...mirror,
      groups: groups.length === 0 ? undefined : groups,
      manner: options.forced ? 'forced' : 'planned',
      unfenced: options.unfenced,
      probe: await probeOf(options, sides.source.client.bootstrap),
      abortTransactions: options.abortTransactions,
      transactionsMs: options.wait * 1000,
      stalledMs: options.wait * 1000,
    };
    const plan = await planFailover(given);
    if (options.dryRun) {
      printPlan(sides.name, plan, terminal);
      return undefined;
    }
    for (const who of plan.unfenceable) terminal.note(`warn: can not be kept from writing: ${who}`);
    const deed = `fail mirror ${sides.name} over to ${sides.target.name}: ${counted(plan.topics.length, 'topic')}`;
    if (!(await confirm(terminal, options, deed))) return exitCodes.failed;
    const result = await failover(given);
    print(result, sides.target.name, terminal);
    return options.forced || missingOf(result) === 0 ? undefined : exitCodes.failed;
  },
});

function throwIfMixed(
  { forced, cancel, dryRun }: { readonly forced: boolean; readonly cancel: boolean; readonly dryRun: boolean },
  isOfGroups: boolean,
  isChosen: boolean,
): void {
  if (isOfGroups && (forced || cancel || isChosen)) {
    throw new UsageError('--only-groups goes without --topics, --groups, --forced and --cancel');
  }
  if (cancel && (forced || dryRun)) throw new UsageError('--cancel goes without --forced and --dry-run');
}

async function probeOf(
  { probeConfig, dataDir }: { readonly probeConfig: string | undefined; readonly dataDir: string },
  bootstrap: FailoverOptions['source']['bootstrap'],
): Promise<FailoverOptions['probe']> {
  if (probeConfig === undefined) return undefined;
  const given = typeof bootstrap === 'function' ? bootstrap() : bootstrap;
  const addresses = typeof given === 'string' ? given : given.join(',');
  const choice = { bootstrap: addresses, cluster: undefined, clientConfig: probeConfig, dataDir };
  return { clientId: 'millrace-probe', ...(await findCluster(choice)).client };
}

function printPlan(mirror: string, { topics, unfenceable }: FailoverPlan, { json, output }: Terminal): void {
  if (json) return output.json({ mirror, dryRun: true, topics, unfenceable });
  for (const { topic, targetTopic, partitions } of topics) {
    output.line(`Would fail ${topic} over to ${targetTopic}: ${counted(partitions, 'partition')}.`);
  }
  for (const who of unfenceable) output.line(`Can not be kept from writing: ${who}; stop them, and give --unfenced.`);
}

function missingOf({ topics }: FailoverResult): number {
  const points = topics.flatMap((each) => each.points);
  return points.reduce((sum, { source, sourceEnd }) => sum + Math.max(0, (sourceEnd ?? 0) - source), 0);
}

function print(result: FailoverResult, target: string, { json, output }: Terminal): void {
  const { mirror, manner, topics, groups } = result;
  if (json) return output.json({ mirror, manner, topics, groups });
  const points = topics.flatMap((each) => each.points);
  const unknown = points.filter(({ sourceEnd }) => sourceEnd === null).length;
  const missing = missingOf(result);
  const left = groups.filter(({ live, ahead, reads, error }) => live || ahead > 0 || reads || error !== undefined);
  output.line(`Failed over to ${target}: ${counted(topics.length, 'topic')}, ${counted(groups.length, 'group')}.`);
  if (missing > 0) output.line(`Missing: ${counted(missing, 'offset')} of the source.`);
  if (unknown > 0) output.line(`What is missing is not known of ${counted(unknown, 'partition')}.`);
  for (const { group } of left) output.line(`Group ${group} is not where it should be: see above, and repeat this.`);
}
