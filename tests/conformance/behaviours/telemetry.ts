/** Clients' metrics (KIP-714): what is asked of a client, and which pushes are taken. */
import { apiVersions, getTelemetrySubscriptions, pushTelemetry, type ResponseOf } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { type Change, change, describe, resourceTypes } from '../matrix/raw-configuration.ts';
import { errorName, type RawCluster, type RawConnection, raw } from '../matrix/raw-connection.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

const noId = 'AAAAAAAAAAAAAAAAAAAAAA';

type Asked = ResponseOf<typeof getTelemetrySubscriptions>;

/** A client whose software has a name of its own, and a subscription for that alone which its broker knows. */
async function subscribedClient(cluster: RawCluster, scope: Scope, values: Readonly<Record<string, string>>) {
  const software = scope.name('software');
  const connection = await cluster.fresh();
  await connection.request(apiVersions, 3, { clientSoftwareName: software, clientSoftwareVersion: '1.0' });
  const resource = { resourceType: resourceTypes.clientMetrics, resourceName: scope.name('subscription') };
  const all = Object.entries({ ...values, match: `client_software_name=${software}` });
  const set = (changes: readonly Change[]): Promise<string> => change(connection, resource, changes);
  scope.defer(() => set(all.map(([name]): Change => ['delete', name])));
  await set(all.map(([name, value]): Change => ['set', name, value]));
  await settled(
    async () => (await describe(connection, resource, ['match'])).configs[0]?.value,
    (value) => value === `client_software_name=${software}`,
  );
  // What a broker describes it may not follow yet. Each time it is asked by somebody new, who is not throttled.
  await settled(
    () => ask(connection),
    ({ requestedMetrics }) => requestedMetrics.length > 0,
  );
  return { connection, set };
}

function ask(connection: RawConnection, clientInstanceId = noId): Promise<Asked> {
  return connection.request(getTelemetrySubscriptions, 0, { clientInstanceId });
}

interface Push {
  readonly metrics?: Uint8Array;
  readonly subscriptionId?: number;
  readonly compressionType?: number;
  readonly terminating?: boolean;
}

async function push(
  connection: RawConnection,
  asked: Pick<Asked, 'clientInstanceId' | 'subscriptionId'>,
  more: Push = {},
) {
  const { clientInstanceId, subscriptionId } = asked;
  const plain = { terminating: false, compressionType: 0, metrics: Buffer.alloc(0) };
  const draft = { clientInstanceId, subscriptionId, ...plain, ...more };
  return errorName((await connection.request(pushTelemetry, 0, draft)).errorCode);
}

export const telemetry: readonly Behaviour[] = [
  {
    name: 'a client is told which metrics are wanted of it, how often, and who it is',
    apis: ['GetTelemetrySubscriptions'],
    shows: {
      error: 'NONE',
      metrics: ['org.a.', 'org.b.'],
      pushIntervalMs: 1000,
      telemetryMaxBytes: 1048576,
      deltaTemporality: true,
      compression: [1, 2, 3, 4],
      id: 'given',
    },
    by: raw(async (cluster, scope) => {
      const values = { metrics: 'org.b.,org.a.', 'interval.ms': '1000' };
      const { connection } = await subscribedClient(cluster, scope, values);
      const asked = await ask(connection);
      const { errorCode, requestedMetrics, pushIntervalMs, telemetryMaxBytes, deltaTemporality } = asked;
      return {
        error: errorName(errorCode),
        metrics: [...requestedMetrics].sort(),
        pushIntervalMs,
        telemetryMaxBytes,
        deltaTemporality,
        compression: [...asked.acceptedCompressionTypes].sort(),
        id: asked.clientInstanceId === noId ? 'none' : 'given',
      };
    }),
  },
  {
    name: 'all metrics are asked for by an asterisk',
    apis: ['GetTelemetrySubscriptions'],
    shows: { requestedMetrics: ['*'], pushIntervalMs: 300000 },
    by: raw(async (cluster, scope) => {
      const { connection } = await subscribedClient(cluster, scope, { metrics: '*' });
      const { requestedMetrics, pushIntervalMs } = await ask(connection);
      return { requestedMetrics, pushIntervalMs };
    }),
  },
  {
    name: 'a client that no subscription is for is asked for nothing',
    apis: ['GetTelemetrySubscriptions'],
    shows: { error: 'NONE', requestedMetrics: [], pushIntervalMs: 300000 },
    by: raw(async (cluster) => {
      const { errorCode, requestedMetrics, pushIntervalMs } = await ask(await cluster.fresh());
      return { error: errorName(errorCode), requestedMetrics, pushIntervalMs };
    }),
  },
  {
    name: 'who asks or pushes before its time is throttled, except for its last push',
    apis: ['GetTelemetrySubscriptions', 'PushTelemetry'],
    // One at a time: when any subscription changes, everybody may ask at once.
    profile: 'moves',
    shows: {
      again: 'THROTTLING_QUOTA_EXCEEDED',
      first: 'NONE',
      early: 'THROTTLING_QUOTA_EXCEEDED',
      last: 'NONE',
      'after the last': 'INVALID_REQUEST',
    },
    by: raw(async (cluster, scope) => {
      const { connection } = await subscribedClient(cluster, scope, { metrics: '*', 'interval.ms': '60000' });
      const asked = await ask(connection);
      return {
        again: errorName((await ask(connection, asked.clientInstanceId)).errorCode),
        first: await push(connection, asked),
        early: await push(connection, asked),
        last: await push(connection, asked, { terminating: true }),
        'after the last': await push(connection, asked, { terminating: true }),
      };
    }),
  },
  {
    name: 'pushes that were not asked for are refused',
    apis: ['PushTelemetry', 'GetTelemetrySubscriptions'],
    shows: {
      'of no instance': 'INVALID_REQUEST',
      'of another subscription': 'UNKNOWN_SUBSCRIPTION_ID',
      'compressed in a way that there is not': 'UNSUPPORTED_COMPRESSION_TYPE',
      'too large': 'TELEMETRY_TOO_LARGE',
    },
    by: raw(async (cluster, scope) => {
      const { connection } = await subscribedClient(cluster, scope, { metrics: '*', 'interval.ms': '60000' });
      const of = async (more: Push) => {
        const { clientInstanceId, subscriptionId } = await ask(connection);
        return await push(connection, { clientInstanceId, subscriptionId }, more);
      };
      return {
        'of no instance': await push(connection, { clientInstanceId: noId, subscriptionId: 0 }),
        'of another subscription': await of({ subscriptionId: 7 }),
        'compressed in a way that there is not': await of({ compressionType: 9, metrics: Buffer.from('x') }),
        'too large': await of({ metrics: Buffer.alloc(1_048_577) }),
      };
    }),
  },
  {
    name: 'a client whose subscription changed is told so, and may ask at once',
    profile: 'moves',
    apis: ['PushTelemetry', 'GetTelemetrySubscriptions'],
    shows: { pushed: 'UNKNOWN_SUBSCRIPTION_ID', again: ['NONE', ['org.b.']] },
    by: raw(async (cluster, scope) => {
      const values = { metrics: 'org.a.', 'interval.ms': '60000' };
      const { connection, set } = await subscribedClient(cluster, scope, values);
      const asked = await ask(connection);
      await set([['set', 'metrics', 'org.b.']]);
      const pushed = await settled(
        () => push(connection, asked),
        (outcome) => outcome === 'UNKNOWN_SUBSCRIPTION_ID',
      );
      const again = await ask(connection, asked.clientInstanceId);
      return { pushed, again: [errorName(again.errorCode), again.requestedMetrics] };
    }),
  },
];
