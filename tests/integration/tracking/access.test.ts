/** Tracking on a cluster whose operator says who may do what. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startCluster } from '@millrace/broker';
import { createClient, unwrap } from '@millrace/client';
import { startTracking, trackingEvents } from '@millrace/pipelines';
import { eventually } from '../../support/eventually.ts';

test('tracking waits until it may use what it needs, and uses a topic that others made', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'millrace-tracking-access-'));
  const cluster = await startCluster({
    name: 'guarded',
    dataDirectory,
    brokers: [{ nodeId: 1, port: 0 }],
    configuration: {
      listeners: 'PLAINTEXT://127.0.0.1:0,SASL_PLAINTEXT://127.0.0.1:0',
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
    },
    security: { scramUsers: [{ mechanism: 'SCRAM-SHA-256', username: 'up', password: 'secret' }] },
  });
  const operator = createClient({ bootstrap: cluster.listeners['PLAINTEXT'] ?? '' });
  const client = createClient({
    bootstrap: cluster.listeners['SASL_PLAINTEXT'] ?? '',
    autoCreateTopics: false,
    security: { sasl: { mechanism: 'SCRAM-SHA-256', username: 'up', password: 'secret' } },
  });
  try {
    await assert.rejects(startTracking({ client }), /create on topic tracking\.events/);
    const failures: string[] = [];
    await using tracking = await startTracking({
      client,
      waits: true,
      onFailure: (error) => failures.push(`${error}`),
    });
    await eventually(() => failures.length > 0);
    assert.throws(() => tracking.checkComplete(), /events can't be read: .*it needs create on topic tracking\.events/);

    const admin = operator.admin();
    unwrap(await admin.createTopics([{ topic: trackingEvents.name, partitions: 1 }]));
    const rights = [
      ['topic', 'tracking.', ['read', 'write', 'create', 'describe']],
      ['topic', 'millrace.', ['read', 'write', 'create', 'describe']],
      ['group', 'millrace-tracking', ['read', 'describe']],
      ['transactional-id', 'millrace.streams.millrace-tracking.', ['write', 'describe']],
    ] as const;
    const who = { patternType: 'prefixed', principal: 'User:up', host: '*', permission: 'allow' } as const;
    await admin.createAcls(
      rights.flatMap(([resourceType, resourceName, operations]) =>
        operations.map((operation) => ({ ...who, resourceType, resourceName, operation })),
      ),
    );
    await tracking.complete;
    tracking.checkComplete();
  } finally {
    await client.close();
    await operator.close();
    await cluster.close();
    await rm(dataDirectory, { recursive: true });
  }
});
