/** What a client tells brokers that ask how it does, read as a broker would. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  compressionOfId,
  decompressSync,
  errorCodes,
  type GetTelemetrySubscriptionsResponse,
  getTelemetrySubscriptions,
  listGroups,
  metadata,
  type PushTelemetryRequest,
  pushTelemetry,
} from '@millrace/wire';
import fc from 'fast-check';
import { createClient } from '../kafka-client.ts';
import { type DecodedPoint, decodeMetrics } from '../testing/otlp-decoder.ts';
import { ScriptedBroker } from '../testing/scripted-network.ts';
import { ClientMetrics } from './client-metrics.ts';
import { MetricWindow } from './metric-window.ts';
import { encodeMetrics } from './otlp-encoder.ts';

const instance = 'AAECAwQFBgcICQoLDA0ODw';
const creations = 'org.apache.kafka.producer.connection.creation';

interface Script {
  readonly broker: ScriptedBroker;
  readonly pushes: PushTelemetryRequest[];
  readonly asked: string[];
}

/** A broker that wants metrics every 20 ms, and answers pushes with the given codes, then none. */
function curious(overrides: Partial<GetTelemetrySubscriptionsResponse> = {}, codes: number[] = []): Script {
  const pushes: PushTelemetryRequest[] = [];
  const asked: string[] = [];
  const broker: ScriptedBroker = new ScriptedBroker()
    .on(metadata, () => ({
      brokers: [{ nodeId: 1, host: 'broker', port: 9092, rack: null }],
      clusterId: 'c',
      controllerId: 1,
      topics: [],
    }))
    .on(getTelemetrySubscriptions, ({ clientInstanceId }) => {
      asked.push(clientInstanceId);
      return {
        errorCode: 0,
        clientInstanceId: instance,
        subscriptionId: 7,
        acceptedCompressionTypes: [99, 4, 1],
        pushIntervalMs: 100,
        telemetryMaxBytes: 100_000,
        deltaTemporality: true,
        requestedMetrics: [''],
        ...overrides,
      };
    })
    .on(pushTelemetry, (request) => {
      pushes.push({ ...request, metrics: Uint8Array.from(request.metrics) });
      return { errorCode: codes.shift() ?? 0 };
    });
  return { broker, pushes, asked };
}

function open(t: TestContext, { broker }: Script, extra = {}) {
  const client = createClient({ bootstrap: 'broker:9092', platform: broker.network.platform, ...extra });
  t.after(() => client.close());
  client.producer();
  // What makes a client connect: it does not do so for telemetry's sake.
  const connect = (): Promise<unknown> => client.admin().listTopics();
  return { client, connect };
}

function read({ compressionType, metrics }: PushTelemetryRequest): DecodedPoint[] {
  return decodeMetrics(decompressSync(compressionOfId(compressionType), metrics, 1_000_000)).points;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, 'did not come true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('metrics are pushed at the interval, compressed as the broker likes best, and once more at the end', async (t) => {
  const script = curious();
  const { client, connect } = open(t, script);
  await connect();
  await until(() => script.pushes.length >= 2);
  await client.close();
  const [first, second] = script.pushes;
  assert.ok(first && second);
  assert.deepEqual(script.asked, ['AAAAAAAAAAAAAAAAAAAAAA']);
  assert.deepEqual([first.clientInstanceId, first.subscriptionId, first.compressionType], [instance, 7, 4]);
  assert.deepEqual(
    script.pushes.map(({ terminating }) => terminating),
    script.pushes.map((_, place) => place === script.pushes.length - 1),
  );
  const total = read(first).find(({ name }) => name === `${creations}.total`);
  assert.deepEqual([total?.kind, total?.value, total?.temporality, total?.monotonic], ['sum', 1, 1, true]);
  assert.equal(read(second).find(({ name }) => name === `${creations}.total`)?.value, 0, 'as a difference');
});

test('a broker gets the metrics that it names, cumulated if it wants them so', async (t) => {
  const script = curious({ requestedMetrics: [creations], deltaTemporality: false, acceptedCompressionTypes: [] });
  const { connect } = open(t, script);
  await connect();
  await until(() => script.pushes.length >= 2);
  for (const push of script.pushes) {
    assert.equal(push.compressionType, 0);
    const points = read(push);
    assert.deepEqual(points.map(({ name }) => name).sort(), [`${creations}.rate`, `${creations}.total`]);
    const total = points.find(({ kind }) => kind === 'sum');
    assert.deepEqual([total?.value, total?.temporality], [1, 2]);
  }
});

test('a client that was told not to, and one that made no producer, tell nothing', async (t) => {
  const script = curious();
  const silent = open(t, script, { telemetry: false });
  await silent.connect();
  await silent.client.close();
  const client = createClient({ bootstrap: 'broker:9092', platform: script.broker.network.platform });
  await client.admin().listTopics();
  await client.close();
  assert.deepEqual([script.asked, script.pushes], [[], []]);
});

test('a subscription that is no longer known is asked for anew, with the same instance id', async (t) => {
  const script = curious({}, [errorCodes.UNKNOWN_SUBSCRIPTION_ID]);
  const { connect } = open(t, script);
  await connect();
  await until(() => script.pushes.length >= 2);
  assert.deepEqual(script.asked, ['AAAAAAAAAAAAAAAAAAAAAA', instance]);
});

test('closing does not wait for a pause that the broker asked for', async (t) => {
  const script = curious();
  // As long as the test may take, and longer.
  script.broker.on(listGroups, () => ({ throttleTimeMs: 3_600_000, errorCode: 0, groups: [] }));
  const { client, connect } = open(t, script);
  await connect();
  await until(() => script.pushes.length > 0);
  await client.admin().listGroups();
  const pushes = script.pushes.length;
  await client.close();
  assert.equal(script.pushes.length, pushes);
});

test('a broker that calls the pushes invalid gets no more of them', async (t) => {
  const script = curious({}, [errorCodes.INVALID_RECORD]);
  const events: string[] = [];
  const { client, connect } = open(t, script, { report: ({ event }: { event: string }) => events.push(event) });
  await connect();
  await until(() => events.includes('telemetry_failed'));
  await client.close();
  assert.equal(script.pushes.length, 1);
});

test('while nobody asks for metrics none are sent, and the broker is asked again', async (t) => {
  const script = curious({ requestedMetrics: [] });
  const { connect } = open(t, script);
  await connect();
  await until(() => script.asked.length >= 3);
  assert.deepEqual(script.pushes, []);
});

test('a push larger than the broker takes is not sent', async (t) => {
  const script = curious({ telemetryMaxBytes: 10 });
  const { client, connect } = open(t, script);
  await connect();
  await until(() => script.asked.length >= 2);
  await client.close();
  assert.deepEqual(script.pushes, []);
});

test('averages and maxima are those of the time since the last look; what was not measured is left out', () => {
  const metrics = new ClientMetrics(() => undefined);
  const window = new MetricWindow(0);
  const fetches = metrics.observe('fetch-1');
  const latency = 'org.apache.kafka.consumer.fetch.manager.fetch.latency';
  const take = (now: number) => {
    const consumers = { assignedPartitions: 3, idleMs: now, busyMs: 0 };
    const points = window.take({ metrics, hasProducer: false, consumers }, now, true, () => true);
    return Object.fromEntries(points.map(({ name, value }) => [name, value]));
  };
  fetches.answered('Fetch', 1, 10, 10);
  fetches.answered('Fetch', 1, 30, 40);
  const first = take(1_000);
  assert.deepEqual([first[`${latency}.avg`], first[`${latency}.max`]], [20, 30]);
  assert.equal(first['org.apache.kafka.consumer.node.request.latency.avg'], 20);
  assert.equal(first['org.apache.kafka.consumer.coordinator.assigned.partitions'], 3);
  assert.equal(first['org.apache.kafka.consumer.poll.idle.ratio.avg'], 1);
  assert.equal(take(2_000)[`${latency}.avg`], undefined);
  fetches.answered('Fetch', 1, 2, 2_100);
  assert.deepEqual(take(3_000)[`${latency}.max`], 2);
});

test('a rebalance lasts from its first join to the answer to its sync', () => {
  const metrics = new ClientMetrics(() => undefined);
  const group = metrics.observe('group-1');
  group.answered('JoinGroup', 1, 5, 105);
  group.answered('JoinGroup', 1, 95, 200);
  group.answered('SyncGroup', 1, 10, 210);
  group.answered('SyncGroup', 1, 10, 900);
  const { count, sum } = metrics.rebalanceLatencies;
  assert.deepEqual([count, sum], [1, 110]);
});

test('any points come out of the protobuf as they went in', () => {
  const word = fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' });
  const attributes = fc.dictionary(word, word, { maxKeys: 3, noNullPrototype: true });
  const point = fc.record({
    name: word,
    kind: fc.constantFrom('gauge' as const, 'sum' as const),
    value: fc.double({ noNaN: true }),
    attributes,
  });
  const points = fc.uniqueArray(point, { selector: ({ name }) => name, maxLength: 20 });
  fc.assert(
    fc.property(points, attributes, fc.boolean(), (given, resource, delta) => {
      const decoded = decodeMetrics(encodeMetrics({ resource, points: given, delta, startMs: 5, endMs: 1.7e12 }));
      assert.deepEqual(decoded.resource, resource);
      assert.deepEqual(
        decoded.points,
        given.map((each) => ({
          ...each,
          startMs: 5,
          endMs: 1.7e12,
          temporality: each.kind === 'sum' ? (delta ? 1 : 2) : undefined,
          monotonic: each.kind === 'sum',
        })),
      );
    }),
  );
});

test('the id that brokers know a client by is asked for when somebody wants it, and stays', async (t) => {
  const script = curious({ requestedMetrics: [] });
  const client = createClient({ bootstrap: 'broker:9092', platform: script.broker.network.platform });
  t.after(() => client.close());
  assert.deepEqual(await Promise.all([client.clientInstanceId(), client.clientInstanceId()]), [instance, instance]);
  assert.equal(await client.clientInstanceId(), instance);
  assert.equal(script.asked.length, 1);
  await client.close();
  await assert.rejects(client.clientInstanceId(), { code: 'closed' });
});

test('a client that brokers know by no id says why', async (t) => {
  const script = curious();
  const silent = createClient({
    bootstrap: 'broker:9092',
    platform: script.broker.network.platform,
    telemetry: false,
  });
  const old = createClient({ bootstrap: 'broker:9092', platform: new ScriptedBroker().network.platform });
  t.after(() => Promise.all([silent.close(), old.close()]));
  await assert.rejects(silent.clientInstanceId(), { code: 'invalid_option', message: /telemetry is false/ });
  await assert.rejects(old.clientInstanceId(), { code: 'unsupported_api', api: 'GetTelemetrySubscriptions' });
});
