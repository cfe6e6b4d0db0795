/** Metrics on Apache Kafka, whose transactions, groups and compaction are not ours. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createClient } from '@millrace/client';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { type AlertRecord, Metrics, parseRuleFile, QueryEngine, Rules } from '@millrace/pipelines';
import { openOrderedStore } from '@millrace/store';
import { Metric, NumberPoint } from '@millrace/telemetry';
import { eventually } from '../../support/eventually.ts';
import { rollupThroughKills } from './rollup-through-kills.ts';

const kafka = await kafkaForTests();
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

const behaviour = 'counters are exact over kills, and alerts survive their process, on Apache Kafka';

test(`${behaviour} (seed ${seed})`, { skip: kafka.skip }, async (t) => {
  if (kafka.skip !== false) return;
  const configuration = {
    'group.min.session.timeout.ms': '500',
    // The points are of 1970, and would be deleted from half a minute after a broker's start on.
    'log.initial.task.delay.ms': '3600000',
  };
  const cluster = await kafka.cluster({ brokers: 1, configuration });
  t.after(() => cluster.close());
  const bootstrap = cluster.bootstrap();
  const client = createClient({ bootstrap, autoCreateTopics: false });
  t.after(() => client.close());
  const admin = client.admin();
  t.after(() => admin.close());
  await rollupThroughKills(t, { client, admin, bootstrap, kills: 2, seed });

  const folder = await mkdtemp(join(tmpdir(), 'millrace-metrics-kafka-'));
  t.after(() => rm(folder, { recursive: true }));
  const [group] = parseRuleFile('groups: [{ name: g, interval: 200ms, rules: [{ alert: A, expr: load > 1 }] }]', 'r');
  assert(group !== undefined);

  /** Runs the pipeline until what is waited for holds. */
  const run = async (work: (metrics: Metrics, rules: Rules) => Promise<void>): Promise<AlertRecord[]> => {
    await using parts = new AsyncDisposableStack();
    const state = parts.use(openOrderedStore({ directory: join(folder, 'series'), rebuildable: true }));
    const metrics = parts.use(new Metrics({ client, state, flushMs: 50 }));
    const { collector, complete } = metrics;
    const told: AlertRecord[] = [];
    const engine = new QueryEngine({ source: metrics.source });
    const onAlert = (alert: AlertRecord): void => void told.push(alert);
    const rules = parts.use(new Rules({ client, groups: [group], engine, collector, complete, onAlert }));
    await work(metrics, rules);
    return told;
  };
  const first = await run(async ({ collector }, rules) => {
    const gauge = { dataPoints: [NumberPoint.of({ asDouble: 5, timeMs: Date.now() })] };
    const scopeMetrics = [{ scope: undefined, schemaUrl: '', metrics: [Metric.of({ name: 'load', gauge })] }];
    await collector.take({ resourceMetrics: [{ resource: undefined, schemaUrl: '', scopeMetrics }] }, 'test');
    await eventually(() => rules.firing.length === 1);
  });
  assert.deepEqual(
    first.map(({ state }) => state),
    ['firing'],
  );
  const again = await run(async (_, rules) => {
    await eventually(() => rules.report[0]?.rules[0]?.lastEvaluation !== '0001-01-01T00:00:00Z');
    assert.deepEqual(
      rules.firing.map(({ activeAtMs }) => activeAtMs),
      first.map(({ activeAtMs }) => activeAtMs),
    );
  });
  assert.deepEqual(again, []);
});
