import type { ApplierEvent } from '@millrace/postgres';
import { clusterOptions } from '../cluster/cluster-options.ts';
import { openCluster } from '../cluster/open-cluster.ts';
import { clientEvents } from '../event-lines.ts';
import { command } from '../framework/command.ts';
import { choice, integer, text, withDefault } from '../framework/option.ts';
import { count } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { targetOption, targetUrlOf } from '../schema/database-option.ts';

export const syncApply = command({
  name: 'sync apply',
  summary: 'Apply topics of change events to another PostgreSQL, exactly once',
  description: `Reads Debezium's events in JSON, with schemas or without, whoever wrote them. How far each partition is
    lies in the target (schema millrace_sync), in the transactions that apply changes: stopped or killed, the same
    command goes on there. Tables are made and changed as the source's are. Foreign keys and triggers of the target
    rest for what is applied, where the login may have that (session_replication_role).`,
  operands: [{ name: 'TOPIC', help: 'Topics, with * for any characters; none: dbsync.*', many: true, optional: true }],
  options: {
    ...targetOption,
    name: withDefault(
      text({ placeholder: 'NAME', help: 'Of the applier: its positions are kept under it' }),
      'millrace',
    ),
    sessions: withDefault(
      integer({ placeholder: 'N', help: "Sessions beside each other; a table is always one session's" }, { min: 1 }),
      2,
    ),
    decimals: withDefault(
      choice({ help: 'How numerics come, where events do not tell' }, ['precise', 'string', 'double']),
      'precise' as const,
    ),
    metrics: integer({ placeholder: 'PORT', help: 'Serve /metrics on 127.0.0.1; 0 chooses a port' }, { min: 0 }),
    ...clusterOptions,
  },
  examples: [
    {
      command: 'millrace sync apply "dbsync.shop.*" --target-url postgres://localhost/copy --bootstrap 127.0.0.1:9092',
      does: 'All tables of a database',
    },
  ],
  async run({ operands, options, terminal }) {
    const { ApplierFigures, PostgresTarget, runApplier } = await import('@millrace/postgres');
    await using cluster = await openCluster(options, clientEvents(terminal));
    const { name, sessions, decimals } = options;
    const figures = new ApplierFigures(name);
    const report = (event: ApplierEvent): void => {
      figures.take(event);
      tell(event, terminal);
    };
    const writing = { decimals };
    const target = new PostgresTarget({ url: targetUrlOf(options), name, writing, tell: report });
    await using _served = options.metrics === undefined ? undefined : await served(figures, options.metrics, terminal);
    const topics = operands.length === 0 ? ['dbsync.*'] : operands;
    await runApplier({ kafka: cluster.client, topics, target, writing, sessions, report }, terminal.signal);
    return undefined;
  },
});

async function served(figures: { text(): string }, port: number, terminal: Terminal): Promise<AsyncDisposable> {
  const { serveMetrics } = await import('../serve-metrics.ts');
  const { metricsContentType } = await import('@millrace/mirror');
  const server = await serveMetrics({ contentType: metricsContentType, body: () => figures.text() }, port);
  terminal.note(`figures at ${server.url}/metrics`);
  return { [Symbol.asyncDispose]: () => server.close() };
}

function tell(event: ApplierEvent, terminal: Terminal): void {
  if (terminal.json) {
    terminal.output.json(event);
    void terminal.output.flush();
    return;
  }
  switch (event.kind) {
    case 'started':
      terminal.note(`applying ${event.partitions} partitions in ${event.sessions} sessions`);
      return;
    case 'changed_table':
      terminal.note(event.sql);
      return;
    case 'missing_rows':
      terminal.note(
        `${event.table}: ${count(event.rows)} rows that were to be changed are not there; ` +
          'millrace sync verify --repair brings them',
      );
      return;
    case 'checks_keys':
      terminal.note(`the target checks foreign keys and runs triggers (${event.why}); use --sessions 1`);
      return;
    case 'one_by_one':
      terminal.note(`${event.why}; applied once more, change by change`);
      return;
    case 'retrying':
      terminal.note(`${event.why}; tries again in ${event.inMs} ms`);
      return;
    case 'applied':
      return;
  }
}
