import { command } from '../framework/command.ts';
import { flag, text } from '../framework/option.ts';
import { type Column, table } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const configClients = command({
  name: 'config clients',
  summary: 'Show what clients see, per application and topic',
  description: 'As instances of applications reported it within the last minute.',
  operands: [],
  options: {
    app: text({ placeholder: 'NAME', help: 'Only of this application' }),
    topic: text({ placeholder: 'TOPIC', help: 'Only of this topic' }),
    strays: flag({ help: 'Only those with settings that stray from the standard' }),
    ...serverOptions,
  },
  examples: [
    { command: 'millrace config clients --topic orders', does: 'Everybody who writes or reads the topic' },
    { command: 'millrace config clients --strays', does: 'Who has settings of their own' },
  ],
  async run({ options, terminal }) {
    const { configClientsContract } = await import('@millrace/api/config');
    const { app: application, topic, strays } = options;
    const query = { application, topic, ...(strays && { strays }) };
    const { items } = await callServer(options, configClientsContract, { query }, terminal);
    if (terminal.json) {
      terminal.output.json({ clients: items });
      return undefined;
    }
    const columns: Column<(typeof items)[number]>[] = [
      { title: 'APPLICATION', cell: (row) => row.application, shrinks: true },
      { title: 'TOPIC', cell: (row) => row.topic, shrinks: true },
      { title: 'ROLE', cell: (row) => row.role },
      { title: 'CLUSTER', cell: (row) => row.clusters.join(','), shrinks: true },
      { title: 'INSTANCES', cell: (row) => row.instances },
      { title: 'RECORDS/S', cell: ({ recordsPerSecond: rate }) => rate && Math.round(rate) },
      { title: 'KB/S', cell: (row) => Math.round(row.bytesPerSecond / 1000) },
      { title: 'ERRORS/S', cell: ({ errorsPerSecond: rate }) => rate && Math.round(rate * 100) / 100 },
      { title: 'P99 MS', cell: (row) => Math.round(row.latencyMs.p99) },
      { title: 'LAG', cell: (row) => row.lag },
      { title: 'LIBRARY', cell: (row) => row.libraries.map(({ version }) => version).join(',') || null, shrinks: true },
      { title: 'STRAYS', cell: (row) => row.strays.map(({ name }) => name).join(',') || null, shrinks: true },
    ];
    for (const line of table(items, columns, terminal.output.columns)) terminal.output.line(line);
    return undefined;
  },
});
