/** Metrics that clients push: what they are asked for, what is taken, and what hostile ones are told. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  apiVersions,
  compressionId,
  compressSync,
  errorCodes,
  getTelemetrySubscriptions,
  incrementalAlterConfigs,
  listConfigResources,
  pushTelemetry,
} from '@millrace/wire';
import type { Cluster } from '../cluster.ts';
import { startCluster } from '../start-cluster.ts';
import type { ClientMetrics } from '../telemetry/client-telemetry.ts';
import { WirePeer } from '../testing/wire-peer.ts';

const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA';
const clientMetricsType = 16;

class Rig implements AsyncDisposable {
  readonly reports: ClientMetrics[] = [];
  readonly events: string[] = [];
  readonly directory: string;
  cluster!: Cluster;
  peer!: WirePeer;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async start(sink?: (report: ClientMetrics) => void): Promise<Rig> {
    const rig = new Rig(await mkdtemp(join(tmpdir(), 'millrace-telemetry-')));
    await rig.open(sink);
    return rig;
  }

  async open(sink = (report: ClientMetrics): void => void this.reports.push(report)): Promise<void> {
    this.cluster = await startCluster({
      name: 'test',
      dataDirectory: this.directory,
      brokers: [{ nodeId: 1, port: 0 }],
      configuration: { 'telemetry.max.bytes': '1000' },
      telemetry: sink,
      report: ({ message }) => this.events.push(message),
    });
    this.peer = await this.connect();
  }

  async close(): Promise<void> {
    this.peer[Symbol.dispose]();
    await this.cluster.close();
  }

  async connect(name = 'librdkafka', version = '2.15.0'): Promise<WirePeer> {
    const peer = await WirePeer.connect(this.cluster.brokers[0]?.port ?? 0);
    await peer.request(apiVersions, { clientSoftwareName: name, clientSoftwareVersion: version });
    return peer;
  }

  async subscribe(name: string, values: Record<string, string | null>): Promise<number | undefined> {
    const configs = Object.entries(values).map(([key, value]) => ({
      name: key,
      configOperation: value === null ? 1 : 0,
      value,
    }));
    const resources = [{ resourceType: clientMetricsType, resourceName: name, configs }];
    const answer = await this.peer.request(incrementalAlterConfigs, { resources, validateOnly: false });
    return answer.responses[0]?.errorCode;
  }

  ask(clientInstanceId = zeroId, peer = this.peer) {
    return peer.request(getTelemetrySubscriptions, { clientInstanceId });
  }

  async push(
    asked: { clientInstanceId: string; subscriptionId: number },
    metrics: Uint8Array,
    options: { terminating?: boolean; compressionType?: number } = {},
  ): Promise<number> {
    const { clientInstanceId, subscriptionId } = asked;
    const { terminating = false, compressionType = 0 } = options;
    const draft = { clientInstanceId, subscriptionId, terminating, compressionType, metrics };
    return (await this.peer.request(pushTelemetry, draft)).errorCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

function field(number: number, value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  assert.ok(bytes.length < 128);
  return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
}

/** `MetricsData` with gauges of these names. */
function metricsData(...names: string[]): Buffer {
  const metrics = names.map((name) => field(2, Buffer.concat([field(1, name), field(5, '')])));
  return field(1, Buffer.concat([field(1, ''), field(2, Buffer.concat(metrics))]));
}

test('a client that matches is asked for metrics, and what it pushes arrives with its names', async () => {
  await using rig = await Rig.start();
  const values = { metrics: 'org.a.,org.b.', 'interval.ms': '100', match: 'client_software_name=lib.*,client_id=peer' };
  assert.equal(await rig.subscribe('mine', values), 0);
  const asked = await rig.ask();
  assert.deepEqual(
    [asked.errorCode, asked.requestedMetrics, asked.pushIntervalMs, asked.telemetryMaxBytes, asked.deltaTemporality],
    [0, ['org.a.', 'org.b.'], 100, 1000, true],
  );
  assert.deepEqual(asked.acceptedCompressionTypes, [4, 3, 1, 2]);
  assert.notEqual(asked.clientInstanceId, zeroId);
  assert.equal(await rig.push(asked, metricsData('org.a.x', 'org.b.y')), 0);
  const [report] = rig.reports;
  assert.deepEqual(report?.metricNames, ['org.a.x', 'org.b.y']);
  assert.deepEqual(
    [report?.clientId, report?.clientSoftwareName, report?.clientSoftwareVersion, report?.clientHost],
    ['peer', 'librdkafka', '2.15.0', '127.0.0.1'],
  );
  assert.equal(report?.clientInstanceId, asked.clientInstanceId);
});

test('a client that matches nothing is asked for nothing', async () => {
  await using rig = await Rig.start();
  await rig.subscribe('others', { metrics: '*', match: 'client_software_name=franz-go' });
  const asked = await rig.ask();
  assert.deepEqual([asked.errorCode, asked.requestedMetrics, asked.pushIntervalMs], [0, [], 300_000]);
});

test('subscriptions add up, all metrics are one asterisk, and the shortest interval counts', async () => {
  await using rig = await Rig.start();
  await rig.subscribe('some', { metrics: 'org.a.', 'interval.ms': '9000' });
  await rig.subscribe('all', { metrics: '*', 'interval.ms': '5000' });
  const asked = await rig.ask();
  assert.deepEqual([asked.requestedMetrics, asked.pushIntervalMs], [['*'], 5000]);
});

for (const type of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
  test(`metrics compressed with ${type} are taken`, async () => {
    await using rig = await Rig.start();
    await rig.subscribe('all', { metrics: '*', 'interval.ms': '100' });
    const compressed = compressSync(type, metricsData('org.a.compressed'));
    assert.equal(await rig.push(await rig.ask(), compressed, { compressionType: compressionId(type) }), 0);
    assert.deepEqual(rig.reports[0]?.metricNames, ['org.a.compressed']);
  });
}

test('who comes before the interval is over is throttled, but for the last report', async () => {
  await using rig = await Rig.start();
  await rig.subscribe('all', { metrics: '*', 'interval.ms': '60000' });
  const asked = await rig.ask();
  assert.equal((await rig.ask(asked.clientInstanceId)).errorCode, errorCodes.THROTTLING_QUOTA_EXCEEDED);
  assert.equal(await rig.push(asked, metricsData('first')), 0);
  assert.equal(await rig.push(asked, metricsData('early')), errorCodes.THROTTLING_QUOTA_EXCEEDED);
  assert.equal(await rig.push(asked, metricsData('last'), { terminating: true }), 0);
  assert.equal(await rig.push(asked, metricsData('after'), { terminating: true }), errorCodes.INVALID_REQUEST);
  assert.deepEqual(
    rig.reports.map(({ metricNames, terminating }) => [...metricNames, terminating]),
    [
      ['first', false],
      ['last', true],
    ],
  );
});

test('a changed subscription is told by an error, and may be asked for at once', async () => {
  await using rig = await Rig.start();
  await rig.subscribe('all', { metrics: 'org.a.', 'interval.ms': '60000' });
  const asked = await rig.ask();
  await rig.subscribe('all', { metrics: 'org.b.' });
  assert.equal(await rig.push(asked, metricsData('org.a.x')), errorCodes.UNKNOWN_SUBSCRIPTION_ID);
  const again = await rig.ask(asked.clientInstanceId);
  assert.deepEqual([again.errorCode, again.requestedMetrics], [0, ['org.b.']]);
  assert.notEqual(again.subscriptionId, asked.subscriptionId);
  assert.equal(await rig.push(again, metricsData('org.b.x')), 0);
});

test('reports that are too large, compressed or not, are not taken', async () => {
  await using rig = await Rig.start();
  await rig.subscribe('all', { metrics: '*', 'interval.ms': '100' });
  const large = Buffer.concat(Array.from({ length: 100 }, (_, index) => metricsData(`org.a.${index}`)));
  assert.ok(large.length > 1000);
  assert.equal(await rig.push(await rig.ask(), large), errorCodes.TELEMETRY_TOO_LARGE);
  const compressionType = compressionId('gzip');
  const small = compressSync('gzip', Buffer.alloc(900_000));
  assert.ok(small.length < 1000);
  assert.equal(await rig.push(await rig.ask(), small, { compressionType }), errorCodes.TELEMETRY_TOO_LARGE);
  assert.equal(rig.reports.length, 0);
});

test('what is no metric is refused, and the broker goes on', async () => {
  await using rig = await Rig.start();
  await rig.subscribe('all', { metrics: '*', 'interval.ms': '100' });
  const asked = await rig.ask();
  const pushed: Promise<number>[] = [];
  for (const bytes of [Buffer.from('garbage'), field(1, field(2, field(2, field(3, 'nameless')))), Buffer.of(0x80)]) {
    pushed.push(rig.push({ ...asked, ...(await rig.ask()) }, bytes));
  }
  assert.deepEqual(await Promise.all(pushed), Array(3).fill(errorCodes.INVALID_RECORD));
  const noise = await rig.push(await rig.ask(), randomBytes(500), { compressionType: compressionId('zstd') });
  assert.equal(noise, errorCodes.INVALID_RECORD);
  assert.equal(
    await rig.push(await rig.ask(), metricsData('x'), { compressionType: 9 }),
    errorCodes.UNSUPPORTED_COMPRESSION_TYPE,
  );
  const reserved = { clientInstanceId: zeroId, subscriptionId: 0 };
  assert.equal(await rig.push(reserved, metricsData('x')), errorCodes.INVALID_REQUEST);
});

test('a sink that fails is reported, and its client told', async () => {
  await using rig = await Rig.start(() => {
    throw new Error('the pipeline is full');
  });
  await rig.subscribe('all', { metrics: '*' });
  assert.equal(await rig.push(await rig.ask(), metricsData('x')), errorCodes.INVALID_RECORD);
  assert.match(rig.events.at(-1) ?? '', /could not be passed on: the pipeline is full/);
});

test('subscriptions survive a restart, are listed, and are gone when they set nothing', async () => {
  await using rig = await Rig.start();
  await rig.subscribe('kept', { metrics: 'org.a.' });
  await rig.close();
  await rig.open();
  const list = async () =>
    (await rig.peer.request(listConfigResources, {}, 0)).configResources.map(({ resourceName }) => resourceName);
  assert.deepEqual(await list(), ['kept']);
  assert.deepEqual((await rig.ask()).requestedMetrics, ['org.a.']);
  await rig.subscribe('kept', { metrics: null });
  assert.deepEqual(await list(), []);
});

test('subscriptions that can not be are refused', async () => {
  await using rig = await Rig.start();
  const cases: [string, Record<string, string>, number][] = [
    ['', { metrics: '*' }, errorCodes.INVALID_REQUEST],
    ['a', { 'interval.ms': '99' }, errorCodes.INVALID_REQUEST],
    ['a', { 'interval.ms': '3600001' }, errorCodes.INVALID_REQUEST],
    ['a', { 'interval.ms': 'soon' }, errorCodes.INVALID_REQUEST],
    ['a', { match: 'client_id' }, errorCodes.INVALID_CONFIG],
    ['a', { match: 'colour=red' }, errorCodes.INVALID_CONFIG],
    ['a', { match: 'client_id=(' }, errorCodes.INVALID_CONFIG],
    ['a', { unknown: '1' }, errorCodes.INVALID_REQUEST],
  ];
  for (const [name, values, expected] of cases) {
    assert.equal(await rig.subscribe(name, values), expected, JSON.stringify([name, values]));
  }
});

test('instances without number can not grow memory without bound', async () => {
  await using rig = await Rig.start();
  await rig.subscribe('all', { metrics: '*', 'interval.ms': '3600000' });
  const first = await rig.ask();
  const ids = Array.from({ length: 17_000 }, () => randomBytes(16).toString('base64url'));
  const { telemetry } = rig.cluster;
  const client = {
    nodeId: 1,
    clientId: 'flood',
    clientHost: '127.0.0.1',
    clientPort: 1,
    clientSoftwareName: 'flood',
    clientSoftwareVersion: '1',
    principal: 'User:ANONYMOUS',
  };
  for (const id of ids) assert.notEqual(typeof telemetry.subscribe(id, client), 'number');
  // The one that was heard of first is forgotten, and so may ask again.
  assert.equal((await rig.ask(first.clientInstanceId)).errorCode, 0);
  assert.equal((await rig.ask(ids.at(-1) ?? '')).errorCode, errorCodes.THROTTLING_QUOTA_EXCEEDED);
});
