/**
 * Grafana's Prometheus data source against Millrace: the requests that it sends, as it sends them, over series that
 * came in by OTLP.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startCluster } from '@millrace/broker';
import { createClient } from '@millrace/client';
import {
  Metrics,
  parseRuleFile,
  prometheusRoutes,
  QueryEngine,
  RuleEvaluator,
  type RuleReport,
} from '@millrace/pipelines';
import { startServer } from '@millrace/server';
import { openOrderedStore } from '@millrace/store';
import { eventually } from '../../support/eventually.ts';

const folder = await mkdtemp(join(tmpdir(), 'millrace-grafana-'));
const cluster = await startCluster({
  name: 'east',
  dataDirectory: join(folder, 'kafka'),
  brokers: [{ nodeId: 1, port: 0 }],
});
const client = createClient({ bootstrap: cluster.bootstrap, autoCreateTopics: false });
const state = openOrderedStore({ directory: join(folder, 'series'), rebuildable: true });
const metrics = new Metrics({ client, state, flushMs: 50 });
await metrics.complete;
const engine = new QueryEngine({ source: metrics.source, queriesMax: 2 });
const ruled: RuleReport[] = [];
const routes = [...metrics.routes, ...prometheusRoutes({ engine, version: '1.2.3', rules: () => ruled })];
const server = await startServer({ port: 0, routes });
after(async () => {
  await server.close();
  await metrics.close();
  await state.close();
  await client.close();
  await cluster.close();
  await rm(folder, { recursive: true });
});

const startS = 1_767_225_600;
const points = Array.from({ length: 21 }, (_, at) => at);
await load();

/** `http_requests_total` of two instances, one of them twice as busy, a point a minute. */
async function load(): Promise<void> {
  const dataPoints = ['a', 'b'].flatMap((instance, index) =>
    points.map((at) => ({
      asDouble: at * 60 * (index + 1),
      timeUnixNano: `${startS + at * 60}000000000`,
      attributes: [{ key: 'node', value: { stringValue: instance } }],
    })),
  );
  const metric = {
    name: 'http.requests',
    description: 'Requests that came',
    sum: { dataPoints, aggregationTemporality: 2, isMonotonic: true },
  };
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] };
  const answer = await fetch(`${server.url}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [metric] }] }] }),
  });
  assert.equal(answer.status, 200);
  await eventually(async () => {
    const { data } = await form('query', { query: 'count(http_requests_total)', time: `${startS + 1200}` });
    return data?.result?.[0]?.value?.[1] === '2';
  });
}

interface Answer {
  readonly status: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are what is tested here
  readonly data?: any;
  readonly errorType?: string;
  readonly error?: string;
  readonly infos?: readonly string[];
  readonly warnings?: readonly string[];
}

async function read(answer: Response): Promise<Answer & { readonly code: number }> {
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
  return { code: answer.status, ...((await answer.json()) as Answer) };
}

/** POST, as Grafana does unless it is told otherwise. */
async function form(path: string, fields: Record<string, string> | [string, string][]) {
  return read(
    await fetch(`${server.url}/prometheus/api/v1/${path}`, { method: 'POST', body: new URLSearchParams(fields) }),
  );
}

async function get(path: string, fields: Record<string, string> | [string, string][] = {}) {
  return read(await fetch(`${server.url}/prometheus/api/v1/${path}?${new URLSearchParams(fields)}`));
}

test('saving the data source asks for one and one, and for whose API it is', async () => {
  assert.deepEqual((await form('query', { query: '1+1', time: `${startS}.5` })).data, {
    resultType: 'scalar',
    result: [startS + 0.5, '2'],
  });
  const { data } = await get('status/buildinfo');
  assert.match(data.version, /^3\./);
  assert.equal(data.revision, 'millrace-1.2.3');
});

test('a panel over time asks with a step and a timeout', async () => {
  const fields = { start: `${startS + 600}`, end: `${startS + 720}`, step: '60', timeout: '60s' };
  const query = 'sum by(node) (rate(http_requests_total{job="shop"}[5m]))';
  const { status, data, infos } = await form('query_range', { query, ...fields });
  assert.equal(status, 'success');
  assert.equal(infos, undefined);
  const at = (value: string): [number, string][] => [600, 660, 720].map((after) => [startS + after, value]);
  assert.deepEqual(data, {
    resultType: 'matrix',
    result: [
      { metric: { node: 'a' }, values: at('1') },
      { metric: { node: 'b' }, values: at('2') },
    ],
  });
  assert.deepEqual((await get('query_range', { query, ...fields })).data, data);
});

test('a table asks for an instant', async () => {
  const { data } = await form('query', { query: 'topk(1, http_requests_total)', time: `${startS + 1200}` });
  assert.deepEqual(data, {
    resultType: 'vector',
    result: [
      {
        metric: { __name__: 'http_requests_total', job: 'shop', node: 'b' },
        value: [startS + 1200, '2400'],
      },
    ],
  });
});

test('the query editor asks for names, values, series and metadata', async () => {
  const times: [string, string][] = [
    ['start', `${startS}`],
    ['end', `${startS + 1200}`],
  ];
  const ofMetric: [string, string] = ['match[]', '{__name__="http_requests_total"}'];
  assert.deepEqual((await form('labels', times)).data, ['__name__', 'job', 'node']);
  assert.deepEqual((await get('labels', [...times, ofMetric])).data, ['__name__', 'job', 'node']);
  assert.deepEqual(
    (await get('label/__name__/values', times)).data,
    ['http_requests_total', 'target_info'].filter(isKnown),
  );
  assert.deepEqual((await get('label/node/values', [...times, ofMetric])).data, ['a', 'b']);
  const one = await get('label/node/values', [...times, ['limit', '1']]);
  assert.deepEqual([one.data, one.warnings], [['a'], ['results truncated due to limit']]);
  const series = await get('series', [...times, ['match[]', 'http_requests_total{node=~"b|c"}'], ['match[]', 'none']]);
  assert.deepEqual(series.data, [{ __name__: 'http_requests_total', job: 'shop', node: 'b' }]);
  assert.deepEqual((await get('metadata', { metric: 'http_requests_total' })).data, {
    http_requests_total: [{ type: 'counter', help: 'Requests that came', unit: '' }],
  });
  assert.deepEqual((await get('label/U__no_2e_such/values')).data, []);
});

const names = new Set<string>(((await get('label/__name__/values')).data as string[]) ?? []);
function isKnown(name: string): boolean {
  return names.has(name);
}

test('exemplars, rules and alerts are asked for, and there are none', async () => {
  assert.deepEqual((await form('query_exemplars', { query: 'http_requests_total', start: '0', end: '1' })).data, []);
  assert.deepEqual((await get('rules')).data, { groups: [] });
  assert.deepEqual((await get('alerts')).data, { alerts: [] });
});

test('rules are told with their alerts, narrowed as pages of alerting ask for them', async () => {
  const [group] = parseRuleFile(
    `groups:
      - name: shop
        rules:
          - { record: 'requests:count', expr: count(http_requests_total) }
          - { alert: Busy, expr: http_requests_total > 2000, labels: { severity: page }, annotations: { summary: s } }`,
    'shop.yaml',
  );
  assert(group !== undefined);
  const evaluator = new RuleEvaluator({ group, engine, write: async () => undefined });
  await evaluator.evaluate((startS + 1200) * 1000);
  ruled.push(evaluator.report);
  const rulesOf = async (fields: Record<string, string> = {}) => {
    const { groups } = (await get('rules', fields)).data as {
      groups: { rules: { name: string; alerts?: unknown[] }[] }[];
    };
    return groups.flatMap(({ rules }) => rules.map(({ name, alerts }) => [name, alerts?.length]));
  };
  assert.deepEqual(await rulesOf(), [
    ['requests:count', undefined],
    ['Busy', 1],
  ]);
  assert.deepEqual(await rulesOf({ type: 'alert' }), [['Busy', 1]]);
  assert.deepEqual(await rulesOf({ 'rule_name[]': 'Busy', exclude_alerts: 'true' }), [['Busy', undefined]]);
  assert.deepEqual(await rulesOf({ 'rule_group[]': 'other' }), []);
  const [alert] = (await get('alerts')).data.alerts;
  assert.deepEqual(
    [alert.state, alert.labels, alert.annotations, alert.value],
    ['firing', { alertname: 'Busy', job: 'shop', node: 'b', severity: 'page' }, { summary: 's' }, '2400'],
  );
  ruled.pop();
});

test('errors are told as Prometheus tells them', async () => {
  const refused = async (path: string, fields: Record<string, string>) => {
    const { code, status, errorType, error } = await form(path, fields);
    return [code, status, errorType, error];
  };
  assert.deepEqual(await refused('query', { query: 'rate(' }), [
    400,
    'error',
    'bad_data',
    'invalid parameter "query": 1:6: parse error: unexpected end of input',
  ]);
  assert.deepEqual(
    (await refused('query', { query: 'up', time: 'soon' }))[3],
    ['invalid parameter "time": cannot parse "soon" to a valid timestamp'][0],
  );
  const range = { query: 'up', start: '0', end: '1000000', step: '1' };
  assert.match(`${await refused('query_range', range)}`, /^400,error,bad_data,exceeded maximum resolution of 11000/);
  assert.match(`${await refused('query_range', { ...range, step: '0' })}`, /zero or negative query resolution step/);
  const twice = 'http_requests_total * on(job) http_requests_total';
  assert.match(
    `${await refused('query', { query: twice, time: `${startS + 60}` })}`,
    /^422,error,execution,found duplicate series/,
  );
  assert.match(`${await refused('series', {})}`, /^400,error,bad_data,no match\[\] parameter provided/);
});

test('warnings and infos come with the answer', async () => {
  const { infos } = await form('query', { query: 'rate(target_info[20m])', time: `${startS + 1200}` });
  if (infos !== undefined) assert.match(infos[0] as string, /^PromQL info: metric might not be a counter.*\(1:6\)$/);
  const { warnings } = await form('query', { query: 'quantile(2, http_requests_total)', time: `${startS + 1200}` });
  assert.deepEqual(warnings, ['PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)']);
});

test('pages of other origins get nothing', async () => {
  const foreign = { origin: 'http://evil.example' };
  const answer = await fetch(`${server.url}/prometheus/api/v1/query?query=1`, { headers: foreign });
  assert.equal(answer.status, 403);
});

test('a query whose asker goes away makes room for others', { timeout: 20_000 }, async () => {
  const heavy = 'sum_over_time(http_requests_total[20m:1ms]) + stddev_over_time(http_requests_total[20m:1ms])';
  const fields = new URLSearchParams({ query: heavy, start: `${startS}`, end: `${startS + 1200}`, step: '1' });
  for (let at = 0; at < 2; at++) {
    const asked = request(`${server.url}/prometheus/api/v1/query_range?${fields}`);
    asked.on('error', () => undefined);
    asked.end();
    await new Promise((resolve) => setTimeout(resolve, 100));
    asked.destroy();
  }
  assert.equal((await form('query', { query: '2' })).data.result[1], '2');
});
