import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { clusterOptions } from '../cluster/cluster-options.ts';
import { command } from '../framework/command.ts';
import { text } from '../framework/option.ts';
import { counted } from '../framework/table.ts';
import { UsageError } from '../framework/usage-error.ts';
import { openHome } from '../tracking/tracking-home.ts';
import { untilStopped } from '../until-stopped.ts';

export const metricsRollup = command({
  name: 'pipeline metrics rollup',
  summary: 'Run aggregation by rules, as one of any number of processes',
  description:
    'Adds up series by labels, as the rules in FILE (YAML) say, and stores totals and windows of a minute in ' +
    'metrics.rollups, whence they can be asked for like all others: NAME_total and NAME_increase of counters, ' +
    'NAME_count, NAME_sum, NAME_min, NAME_max, NAME_avg and NAME_quantile of gauges, NAME_count, NAME_sum and ' +
    'NAME_quantile of histograms. Its state is in changelogs: a process that is killed goes on where it was. ' +
    'Processes with the same rules share the work.',
  operands: [],
  options: {
    rules: text({ placeholder: 'FILE', help: 'The rules: rollups, each with name, metric, by, and where (optional)' }),
    state: text({
      placeholder: 'DIR',
      help: 'Where state lies between two runs (default: metrics/rollup of --data-dir)',
    }),
    ...clusterOptions,
  },
  examples: [{ command: 'millrace metrics rollup --rules rollups.yaml', does: 'Aggregate until Ctrl-C' }],
  serves: true,
  async run({ options, terminal }) {
    if (options.rules === undefined) throw new UsageError('--rules FILE is missing: it says what to aggregate');
    const { parse } = await import('yaml');
    const { rollupRules, startRollups } = await import('@millrace/pipelines');
    const { openOrderedStore } = await import('@millrace/store');
    let given: string;
    try {
      given = await readFile(options.rules, 'utf8');
    } catch (error) {
      throw new UsageError(`${options.rules} can't be read: ${(error as Error).message}`);
    }
    const rules = rollupRules(parse(given));
    await using cluster = await openHome(options);
    const directory = resolve(options.state ?? join(options.dataDir, 'metrics', 'rollup'));
    await using state = openOrderedStore({ directory, rebuildable: true });
    const job = await startRollups({
      ...{ client: cluster.client, rules, state, signal: terminal.signal },
      onLate: (series) => terminal.note(`a point of ${series} came too late and is not counted`),
      job: { report: ({ level, message }) => level !== 'info' && terminal.note(`${level}: ${message}`) },
    });
    if (terminal.json) terminal.output.json({ ready: true, rules: rules.length, cluster: cluster.name });
    else terminal.note(`Aggregating by ${counted(rules.length, 'rule')} on ${cluster.name}. Ctrl-C stops.`);
    try {
      await Promise.race([untilStopped(terminal), job.finished]);
    } finally {
      await job.close();
    }
    return undefined;
  },
});
