/** What is asked of the declared fleet on any kind of cluster. */
import assert from 'node:assert/strict';
import type { FleetDifferenceAnswer } from '@millrace/api/fleet';
import { type AclBinding, type Client, unwrap } from '@millrace/client';
import { parseFleetFile } from '@millrace/fleet/declared';
import { eventually } from '../../support/eventually.ts';
import type { DeclaredFixture } from './declared-fixture.ts';

const path = '/api/v1/declared';

export const diff = (fleet: DeclaredFixture, body: object = {}): Promise<FleetDifferenceAnswer> =>
  fleet.call('POST', `${path}/diff`, { body });

/** What of a cluster can be declared, in an order that does not matter. */
export async function stateOf(client: Client) {
  await using admin = client.admin();
  const topics = (await admin.listTopics()).filter(({ topic }) => !/^(__|millrace\.)/.test(topic));
  const resources = topics.map(({ topic }) => ({ type: 'topic', name: topic }) as const);
  const configs = unwrap(await admin.describeConfigs(resources));
  const acls = await admin.describeAcls();
  const quotas = await admin.describeClientQuotas();
  return {
    topics: topics.map(({ topic, partitionCount, replicationFactor }, index) => {
      const own = configs[index]?.entries.filter(({ source }) => source === 'topic') ?? [];
      const settings = own.map(({ name, value }) => `${name}=${value}`).sort();
      return { topic, partitionCount, replicationFactor, settings };
    }),
    acls: acls.map((acl) => JSON.stringify(sorted(acl))).sort(),
    quotas: quotas.map(({ entity, quotas: limits }) => JSON.stringify([sorted(entity), sorted(limits)])).sort(),
  };
}

function sorted(fields: object): [string, unknown][] {
  return Object.entries(fields).sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Makes things on a cluster that nobody declared. */
async function furnish(client: Client): Promise<void> {
  await using admin = client.admin();
  const compacted = { 'cleanup.policy': 'compact,delete', 'retention.ms': '86400000' };
  unwrap(
    await admin.createTopics([
      { topic: 'orders', partitions: 6, replicationFactor: 1, configuration: compacted },
      {
        topic: 'payments.placed',
        partitions: 2,
        replicationFactor: 1,
        configuration: { 'max.message.bytes': '2000000' },
      },
      { topic: 'plain', partitions: 1, replicationFactor: 1 },
    ]),
  );
  const anyone = { host: '*', permission: 'allow' } as const;
  const acls: AclBinding[] = [
    {
      ...anyone,
      resourceType: 'topic',
      resourceName: 'orders',
      patternType: 'literal',
      principal: 'User:a',
      operation: 'read',
    },
    {
      ...anyone,
      resourceType: 'group',
      resourceName: 'a.',
      patternType: 'prefixed',
      principal: 'User:a',
      operation: 'read',
    },
    {
      resourceType: 'cluster',
      resourceName: 'kafka-cluster',
      patternType: 'literal',
      principal: 'User:b',
      operation: 'alter',
      host: '10.0.0.1',
      permission: 'deny',
    },
  ];
  unwrap(await admin.createAcls(acls));
  const quotas = [
    { entity: { user: 'guest' }, set: { producer_byte_rate: 1_000_000, request_percentage: 12.5 } },
    { entity: { user: null, 'client-id': null }, set: { consumer_byte_rate: 5_000_000 } },
    { entity: { ip: '10.0.0.9' }, set: { connection_creation_rate: 3 } },
  ];
  unwrap(await admin.alterClientQuotas(quotas));
  await eventually(async () => {
    const { topics, acls: rules, quotas: limits } = await stateOf(client);
    return topics.length === 3 && rules.length === 3 && limits.length === 3;
  });
}

/** The cluster of the first fleet is furnished, exported, and made anew on that of the second, which is empty. */
export async function rebuildsFromExport(first: DeclaredFixture, second: DeclaredFixture): Promise<void> {
  await furnish(await first.client('east'));
  const exported = await first.call<{ file: string; notes: string[] }>('GET', `${path}/export`, {});
  assert.deepEqual(exported.notes, []);
  const { declared } = parseFleetFile(exported.file, '/fleet.yaml');
  // The other fleet's cluster has another address.
  const fleet = { topics: declared.topic, acls: declared.acl, quotas: declared.quota };
  const before = await diff(second, { fleet });
  assert.equal(before.differences.filter(({ cluster }) => cluster === 'east').length, 9);
  assert.deepEqual(before.refused, []);
  const operation = await second.apply({ fleet });
  assert.equal(operation.state, 'done', JSON.stringify(operation.failure));
  await eventually(async () => (await diff(second, { fleet })).differences.length === 0);
  const { differences, refused, told } = await diff(second, { fleet });
  assert.deepEqual([differences, refused, told], [[], [], []]);
  assert.deepEqual(await stateOf(await second.client('east')), await stateOf(await first.client('east')));
  assert.deepEqual((await second.plan({ fleet })).steps, [], 'a second apply does nothing');
  const again = await second.call<{ file: string }>('GET', `${path}/export`, {});
  const afterClusters = (text: string): string => text.slice(text.indexOf('topics:'));
  assert.equal(afterClusters(again.file), afterClusters(exported.file), 'the export of both is the same');
}

/** Drift is found, and mended; what is deleted is what was named. */
export async function mendsDrift(fleet: DeclaredFixture): Promise<void> {
  const topics = [
    { name: 'mended', cluster: 'east', partitions: 2, replicas: 1, configs: { 'segment.ms': '60000' } },
    { name: 'doomed', cluster: 'east', partitions: 1, replicas: 1 },
  ];
  assert.equal((await fleet.apply({ fleet: { topics } })).state, 'done');
  await using admin = (await fleet.client('east')).admin();
  unwrap(
    await admin.incrementalAlterConfigs([
      {
        type: 'topic',
        name: 'mended',
        changes: [
          { name: 'segment.ms', operation: 'set', value: '5' },
          { name: 'flush.ms', operation: 'set', value: '7' },
        ],
      },
    ]),
  );
  unwrap(await admin.deleteTopics(['doomed']));
  const drift = async (): Promise<string[]> =>
    (await diff(fleet)).differences.map(({ cluster, id, action }) => `${cluster} ${action} ${id}`);
  await eventually(async () => (await drift()).length === 2);
  assert.deepEqual(await drift(), ['east create east/doomed', 'east change east/mended']);
  const grown = topics.map((topic) => ({ ...topic, partitions: 3 }));
  assert.equal((await fleet.apply({ fleet: { topics: grown } })).state, 'done');
  await eventually(async () => (await drift()).length === 0);
  const doomed = await fleet.plan({ delete: ['topic/east/doomed'] });
  assert.equal(doomed.destructive, true);
  assert.equal((await fleet.apply({ delete: ['topic/east/doomed'] })).state, 'done');
  await eventually(async () => !(await admin.listTopics()).some(({ topic }) => topic === 'doomed'));
  assert.equal(fleet.record.current().get('topic', 'east/doomed'), undefined);
  const [mended] = unwrap(await admin.describeTopics(['mended']));
  assert.equal(mended?.partitions.length, 3);
}
