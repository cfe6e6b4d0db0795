import { clusterOptions } from '../cluster/cluster-options.ts';
import { command } from '../framework/command.ts';
import { text } from '../framework/option.ts';
import { openHome } from '../tracking/tracking-home.ts';

export const metricsTail = command({
  name: 'pipeline metrics tail',
  summary: 'Print samples as they come',
  description: 'Prints each sample that is stored in metrics.samples from now on, until Ctrl-C.',
  operands: [],
  options: {
    metric: text({ placeholder: 'NAME', help: "Only this metric, by Prometheus's name" }),
    ...clusterOptions,
  },
  examples: [{ command: 'millrace metrics tail --metric process_uptime_seconds', does: 'One metric, as it comes' }],
  async run({ options, terminal }) {
    const { metricsSamples } = await import('@millrace/pipelines');
    await using cluster = await openHome(options);
    const { configuration, client, name } = cluster;
    await using consumer = client.consumer({
      topics: [metricsSamples] as const,
      from: 'latest',
      ...configuration.consumer,
    });
    const { output } = terminal;
    if (terminal.shows && output.isTerminal) terminal.note(`Watching ${name}. Ctrl-C stops.`);
    for await (const batch of consumer.batches({ signal: terminal.signal })) {
      for (const { key, value: sample } of batch) {
        if ('unreadable' in sample || key === null) continue;
        if (options.metric !== undefined && !key.startsWith(`${options.metric}{`)) continue;
        if (terminal.json) output.json({ series: key, ...sample });
        else output.line(`${new Date(sample.timeMs).toISOString()}  ${key}  ${sample.value ?? sample.count ?? '-'}`);
      }
      await output.flush();
    }
    return undefined;
  },
});
