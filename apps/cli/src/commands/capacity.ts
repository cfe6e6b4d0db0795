import type { ClusterCapacity } from '@millrace/api/fleet';
import { type Call, command } from '../framework/command.ts';
import { parsed, text } from '../framework/option.ts';
import { type Column, table } from '../framework/table.ts';
import { UsageError } from '../framework/usage-error.ts';
import { linesText, percent } from '../onboarding/request-text.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

const capacityOptions = {
  season: text({ placeholder: 'NAME', help: 'In this season (default: the worst of those to come)' }),
  factor: parsed({ placeholder: 'N', help: 'What if traffic were so many times what it is on ordinary days' }, factor),
  environment: text({ placeholder: 'NAME', help: 'Only clusters of this environment' }),
  site: text({ placeholder: 'NAME', help: 'Only clusters of this site' }),
  ...serverOptions,
} as const;

export const capacity = command({
  name: 'capacity',
  summary: 'Show what clusters have room for, fullest first',
  description: `Of the fullest broker of each cluster: disk, bytes in and out, replicas of partitions, as they are
    declared or measured, in the worst season to come. Of one cluster also the arithmetic, and topics that have not
    the right size.`,
  operands: [{ name: 'CLUSTER', help: 'only this one, in detail', optional: true }],
  options: capacityOptions,
  examples: [
    { command: 'millrace capacity --factor 5', does: 'Which clusters would not bear five times the traffic' },
    { command: 'millrace capacity east', does: 'How that of one cluster was calculated' },
  ],
  async run(call: Call<typeof capacityOptions>) {
    const [cluster] = call.operands;
    await (cluster === undefined ? showAll(call) : showOne(call, cluster));
    return undefined;
  },
});

const columns: readonly Column<ClusterCapacity>[] = [
  { title: 'CLUSTER', cell: ({ cluster }) => cluster },
  { title: 'ROOM', cell: ({ fits }) => fits },
  { title: 'SCARCEST', cell: ({ scarcest }) => scarcest },
  ...(['disk', 'in', 'out', 'partitions'] as const).map((resource) => ({
    title: resource.toUpperCase(),
    cell: ({ resources }: ClusterCapacity) => {
      const use = resources.find((each) => each.resource === resource)?.use;
      return use === undefined ? null : percent(use);
    },
  })),
  { title: 'BROKERS', cell: ({ brokers }) => brokers },
  { title: 'TOPICS', cell: ({ topics }) => topics },
];

async function showAll({ options, terminal }: Call<typeof capacityOptions>): Promise<void> {
  const { capacityContract } = await import('@millrace/api/fleet');
  const { season, factor: times, environment, site } = options;
  const answer = await callServer(
    options,
    capacityContract,
    { query: { season, factor: times, environment, site } },
    terminal,
  );
  if (terminal.json) return terminal.output.json(answer);
  if (answer.clusters.length === 0) return terminal.note('No such cluster is in the record of the fleet.');
  if (answer.season !== null) terminal.note(`In ${answer.season.name}: ${answer.season.factor} times the traffic.`);
  for (const line of table(answer.clusters, columns, terminal.output.columns)) terminal.output.line(line);
}

async function showOne({ options, terminal }: Call<typeof capacityOptions>, cluster: string): Promise<void> {
  const { clusterCapacityContract } = await import('@millrace/api/fleet');
  const { season, factor: times } = options;
  const input = { params: { cluster }, query: { season, factor: times } };
  const answer = await callServer(options, clusterCapacityContract, input, terminal);
  if (terminal.json) return terminal.output.json(answer);
  for (const line of table([answer.capacity], columns, terminal.output.columns)) terminal.output.line(line);
  terminal.output.line('Arithmetic:');
  for (const line of linesText(answer.lines)) terminal.output.line(line);
  if (answer.advice.length > 0) terminal.output.line('Advice:');
  for (const { topic, text: said } of answer.advice) terminal.output.line(`  ${topic}: ${said}`);
}

function factor(given: string): number {
  const value = Number(given);
  if (value >= 1 && value <= 1_000) return value;
  throw new UsageError(`'${given}' is not a number from 1 to 1,000`);
}
