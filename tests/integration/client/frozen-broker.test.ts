/**
 * Calls that meet a process which is halted (SIGSTOP): the system goes on accepting its connections, and nothing ever
 * answers. Requests and connects have all the time in the world here where `callTimeoutMs` alone is to end a call.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Network, nodeNetwork, nodePlatform } from '@millrace/base';
import { createClient, isMillraceError, unwrap } from '@millrace/client';
import { BrokerProcess } from '../../support/millrace-process.ts';
import { embeddedTest, quick, startFixture, uniqueName, until } from './client-fixture.ts';
import { allAnswered, outcomes } from './every-route.ts';

const ever = 600_000;

for (const acquaintance of ['that it has just met', 'that it knows'] as const) {
  test(`callTimeoutMs ends every call to a cluster ${acquaintance} which froze, and says who is silent`, async (t) => {
    await using broker = await BrokerProcess.start({ brokers: 2 });
    const [topic, group] = ['lines', 'readers'];
    const options = { bootstrap: broker.bootstrap, requestTimeoutMs: ever, connectTimeoutMs: ever, telemetry: false };
    const client = createClient({ ...options, callTimeoutMs: 1_000, clientId: 'patient' });
    t.after(() => client.close());
    await using first = createClient({ bootstrap: broker.bootstrap });
    unwrap(await first.admin().createTopics([{ topic, partitions: 1 }]));
    if (acquaintance === 'that it knows') {
      // Which on a slow machine may take longer than a call may.
      const isError = (outcome: unknown): boolean => outcome instanceof Error;
      await until(async () => ![...(await outcomes(client, topic, group)).values()].some(isError), 60_000);
    }
    broker.child.kill('SIGSTOP');
    try {
      const addresses = broker.bootstrap.split(',');
      for (const [what, outcome] of await outcomes(client, topic, group)) {
        const error = isMillraceError(outcome, 'commit_failed') ? outcome.cause : outcome;
        // The connection's own clock may strike first, for this request or for one before it.
        assert.ok(isMillraceError(error, 'request_timeout') || isMillraceError(error, 'connection_lost'), `${outcome}`);
        assert.ok(
          addresses.some((address) => error.message.includes(address)) && /no answer|not answered/.test(error.message),
          `${what}: ${error.message}`,
        );
      }
    } finally {
      broker.child.kill('SIGCONT');
    }
  });
}

test('a client asks the next of its bootstrap servers when the first is frozen', async (t) => {
  await using frozen = await BrokerProcess.start();
  await using alive = await BrokerProcess.start();
  const bootstrap = [frozen.bootstrap, alive.bootstrap];
  const client = createClient({ bootstrap, ...quick, connectTimeoutMs: 300, telemetry: false });
  t.after(() => client.close());
  frozen.child.kill('SIGSTOP');
  try {
    const { brokers } = await client.admin().describeCluster();
    assert.deepEqual(
      brokers.map(({ host, port }) => `${host}:${port}`),
      [alive.bootstrap],
    );
  } finally {
    frozen.child.kill('SIGCONT');
  }
});

embeddedTest('calls go where leaders and coordinators move to from a broker that froze', async (t) => {
  await using frozen = await BrokerProcess.start();
  const { cluster, connect, admin } = await startFixture(t, { brokers: 3 });
  let detour: { readonly from: number; readonly met: () => void } | undefined;
  const network: Network = {
    listen: (options, onConnection) => nodeNetwork.listen(options, onConnection),
    connect(options) {
      if (options.port !== detour?.from) return nodeNetwork.connect(options);
      detour.met();
      return nodeNetwork.connect({ ...options, port: Number(frozen.bootstrap.split(':').at(-1)) });
    },
  };
  frozen.child.kill('SIGSTOP');
  try {
    for (const { nodeId, port } of cluster.brokers) {
      const [topic, group] = [uniqueName('lines'), uniqueName('readers')];
      const others = cluster.brokers.filter((broker) => broker.nodeId !== nodeId);
      const assignment = [[nodeId, ...others.map((broker) => broker.nodeId)]];
      unwrap(await admin.createTopics([{ topic, assignment }]));
      const { promise, resolve } = Promise.withResolvers<void>();
      detour = { from: port, met: resolve };
      const bootstrap = others.map((broker) => `127.0.0.1:${broker.port}`);
      const client = connect({ bootstrap, platform: { ...nodePlatform, network }, connectTimeoutMs: 300 });
      const answered = allAnswered(client, topic, group);
      await Promise.race([promise, answered.then(() => assert.fail('the frozen broker was not met'))]);
      await cluster.stopBroker(nodeId);
      await answered;
      await cluster.startBroker(nodeId);
      detour = undefined;
    }
  } finally {
    frozen.child.kill('SIGCONT');
  }
});
