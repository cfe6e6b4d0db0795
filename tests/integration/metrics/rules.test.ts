/**
 * Rules and targets over a real cluster: alerts fire, survive the process, and end; what rules record and what targets
 * tell can be asked for.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Cluster, startCluster } from '@millrace/broker';
import { createClient } from '@millrace/client';
import { type AlertRecord, Metrics, QueryEngine, Rules, readMetricsFile, Scraper } from '@millrace/pipelines';
import { openOrderedStore } from '@millrace/store';
import { eventually } from '../../support/eventually.ts';

const folder = await mkdtemp(join(tmpdir(), 'millrace-rules-'));
const cluster: Cluster = await startCluster({
  name: 'east',
  dataDirectory: join(folder, 'kafka'),
  brokers: [{ nodeId: 1, port: 0 }],
});
const client = createClient({ bootstrap: cluster.bootstrap, autoCreateTopics: false });
const page = { text: '', status: 200, type: 'text/plain; version=0.0.4' };
const shop = createServer((_, response) => {
  response.writeHead(page.status, { 'content-type': page.type }).end(page.text);
});
await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
const target = `127.0.0.1:${(shop.address() as AddressInfo).port}`;
const metricsFile = join(folder, 'metrics.yaml');
await mkdir(join(folder, 'rules'));
await writeFile(
  metricsFile,
  `
global: { scrape_interval: 100ms, evaluation_interval: 100ms }
rule_files: ['rules/*.yaml']
scrape_configs:
  - job_name: shop
    static_configs: [{ targets: ['${target}'], labels: { env: test } }]
`,
);
await writeFile(
  join(folder, 'rules', 'load.yaml'),
  `
groups:
  - name: load
    rules:
      - { record: 'job:load:max', expr: max by (job) (load) }
      - alert: High
        expr: job:load:max > 10
        for: 300ms
        labels: { severity: warning }
        annotations: { summary: '{{ $labels.job }} is at {{ $value }}' }
      - { alert: High, expr: 'job:load:max > 100', labels: { severity: page } }
`,
);

const file = await readMetricsFile(metricsFile);

/** The pipeline as a process has it, over state that outlives it; rules wait until `load` has a value. */
async function start(load?: number) {
  const state = openOrderedStore({ directory: join(folder, 'series'), rebuildable: true });
  const metrics = new Metrics({ client, state, flushMs: 50 });
  const { collector, complete } = metrics;
  const engine = new QueryEngine({ source: metrics.source });
  const value = async (query: string): Promise<string> => {
    const { result } = await engine.instant(query, Date.now());
    if (result.type !== 'vector') return result.type;
    return result.series.map(({ labels, values }) => `${JSON.stringify(labels)} ${values[0]}`).join('\n');
  };
  const scraper = new Scraper({ targets: file.targets, collector });
  if (load !== undefined) await eventually(async () => (await value('load')).endsWith(` ${load}`));
  const told: AlertRecord[] = [];
  const rules = new Rules({
    ...{ client, groups: file.rules, engine, collector, complete },
    settled: () => metrics.settled(),
    onAlert: (alert) => void told.push(alert),
  });
  const close = async (): Promise<void> => {
    await scraper.close();
    await rules.close();
    await metrics.close();
    await state.close();
  };
  const firing = (): string[] => rules.firing.map(({ labels }) => labels['severity'] ?? '').sort();
  return { engine, rules, told, value, firing, close };
}

let running = await start();
after(async () => {
  await running.close();
  shop.close();
  await client.close();
  await cluster.close();
  await rm(folder, { recursive: true });
});
const severity = (alerts: readonly AlertRecord[]) =>
  alerts.map(({ labels, state }) => `${labels['severity']} ${state}`);

test("a target's samples come with its labels, and types; rules record what follows", async () => {
  page.text = '# TYPE load gauge\nload{job="x"} 1\n# TYPE sold counter\nsold_total 5\n';
  await eventually(async () => (await running.value('job:load:max')).endsWith(' 1'));
  assert.equal(
    await running.value('load'),
    `{"__name__":"load","env":"test","exported_job":"x","instance":"${target}","job":"shop"} 1`,
  );
  assert.match(await running.value('up'), / 1$/);
  const metadata = await running.engine.source.metadata({});
  assert.equal(metadata.get('sold_total')?.[0]?.type, 'counter');
});

test('an alert fires once it held for its time; rules of one name stand by themselves', async () => {
  page.text = 'load 20\n';
  await eventually(async () => running.firing().join() === 'warning');
  page.text = 'load 200\n';
  await eventually(async () => running.firing().join() === 'page,warning');
  assert.deepEqual(severity(running.told), ['warning firing', 'page firing']);
  assert.equal(running.told[0]?.annotations['summary'], 'shop is at 20');
});

test('what fires goes on firing since it began when the process is another, and nobody is told again', async () => {
  const before = running.rules.firing;
  await running.close();
  running = await start();
  await eventually(() => running.rules.report[0]?.rules[2]?.lastEvaluation !== '0001-01-01T00:00:00Z');
  assert.deepEqual(running.rules.firing, before);
  const [, alerting] = running.rules.report[0]?.rules ?? [];
  assert(alerting?.type === 'alerting');
  assert.deepEqual(
    alerting.alerts.map(({ state, activeAt }) => [state, Date.parse(activeAt)]),
    [['firing', before.find(({ labels }) => labels['severity'] === 'warning')?.activeAtMs]],
  );
  assert.deepEqual(running.told, []);
});

test('an alert that ended while no process was there ends with the next one', async () => {
  await running.close();
  page.text = 'load 50\n';
  running = await start(50);
  await eventually(async () => running.firing().join() === 'warning');
  assert.deepEqual(severity(running.told), ['page resolved']);
});

test('the series of a target that answers no more end, and its alerts with them', async () => {
  page.status = 500;
  await eventually(async () => (await running.value('up')).endsWith(' 0'));
  await eventually(async () => running.firing().length === 0);
  assert.equal(await running.value('load'), '');
});

test('files that are not sound are refused with what is wrong', async () => {
  const refused = async (text: string): Promise<string> => {
    const path = join(folder, 'wrong.yaml');
    await writeFile(path, text);
    const failure = await readMetricsFile(path).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    return failure?.message.replace(`${path}: `, '') ?? 'taken';
  };
  assert.equal(await refused(''), 'taken');
  assert.equal(await refused('rule_files: [nothing/*.yaml]'), 'rule_files: there is no file nothing/*.yaml');
  assert.match(await refused('rule_files: [rules/*.yaml, rules/load.yaml]'), /a group named load in .* too/);
  const job = 'scrape_configs: [{ job_name: a, static_configs: [{ targets: [a] }], scrape_interval: soon }]';
  assert.equal(await refused(job), "scrape_configs, job a: scrape_interval: 'soon' is no duration, such as 15s");
  assert.match(await refused('rollup: []'), /rollup/);
  assert.match(await refused('rollups: [{ name: a, by: [] }]'), /^the rules of aggregation are not right: .*metric/);
});
