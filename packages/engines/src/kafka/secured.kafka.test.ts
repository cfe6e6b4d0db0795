import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AuthorizationError, type Client, createClient, DeliveryError, unwrap } from '@millrace/client';
import { kafkaForTests } from '../testing/apache-kafka.ts';
import { SecuredKafka } from '../testing/secured-kafka.ts';
import type { ListenerName } from './broker-configuration.ts';
import { openToolSession } from './tool-session.ts';

const kafka = await kafkaForTests();
const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const;
const ways: { readonly listener: ListenerName; readonly mechanism?: (typeof mechanisms)[number] }[] = [
  ...(['SASL_PLAINTEXT', 'SASL_SSL'] as const).flatMap((listener) =>
    mechanisms.map((mechanism) => ({ listener, mechanism })),
  ),
  { listener: 'SSL' },
];

test('a secured cluster', { skip: kafka.skip }, async (t) => {
  const secured = await SecuredKafka.create();
  await using cluster = await kafka.cluster({ security: secured.security });
  await using session = await openToolSession(kafka.distribution);
  assert.deepEqual(cluster.listeners, ['PLAINTEXT', 'SASL_PLAINTEXT', 'SASL_SSL', 'SSL']);
  for (const { listener, mechanism } of ways) {
    const clientOf = async (user: string): Promise<Client> => {
      const security = await secured.client(listener, user, mechanism);
      return createClient({ bootstrap: cluster.bootstrap(listener), security });
    };
    const way = `${listener}${mechanism === undefined ? '' : ` with ${mechanism}`}`;
    const topic = way.replaceAll(' ', '-');

    await t.test(`${way}: the admin may, alice may what she is allowed`, async () => {
      await using admin = await clientOf('admin');
      await using alice = await clientOf('alice');
      unwrap(await admin.admin().createTopics([{ topic }]));
      await assert.rejects(alice.producer().send({ topic, value: 'denied' }), (error) => {
        assert.ok(error instanceof DeliveryError && error.cause instanceof AuthorizationError);
        return true;
      });
      const principal = listener === 'SSL' ? 'User:CN=alice' : 'User:alice';
      const entry = {
        resourceType: 'topic',
        resourceName: topic,
        patternType: 'literal',
        principal,
        host: '*',
      } as const;
      unwrap(await admin.admin().createAcls([{ ...entry, operation: 'write', permission: 'allow' }]));
      await using allowed = await clientOf('alice');
      await sendOnceAllowed(allowed, topic);
    });
    await t.test(`${way}: Kafka's tools log in`, async () => {
      const clientConfiguration = await secured.javaClient(listener, 'admin', mechanism);
      const args = ['--bootstrap-server', cluster.bootstrap(listener), '--list'];
      const { code, stdout, stderr } = await session.run('kafka-topics', args, { clientConfiguration });
      assert.equal(code, 0, stdout + stderr);
      assert.ok(stdout.split('\n').includes(topic), stdout);
    });
  }
  await t.test('PLAINTEXT: the anonymous may nothing', async () => {
    await using client = createClient({ bootstrap: cluster.bootstrap('PLAINTEXT') });
    const [result] = await client.admin().createTopics([{ topic: 'anonymous' }]);
    assert.ok(result?.error instanceof AuthorizationError);
  });
  await t.test('a wrong password is refused', async () => {
    const sasl = { mechanism: 'SCRAM-SHA-512', username: 'alice', password: 'wrong' } as const;
    await using client = createClient({ bootstrap: cluster.bootstrap('SASL_PLAINTEXT'), security: { sasl } });
    await assert.rejects(client.admin().describeCluster(), { name: 'AuthenticationError' });
  });
});

/** The controller answers before the broker has heard of what is granted. */
async function sendOnceAllowed(client: Client, topic: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.producer().send({ topic, value: 'allowed' });
      return;
    } catch (error) {
      const isDenied = error instanceof DeliveryError && error.cause instanceof AuthorizationError;
      if (!isDenied || attempt === 100) throw error;
      await sleep(50);
    }
  }
}
