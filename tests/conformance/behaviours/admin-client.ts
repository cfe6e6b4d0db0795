/** What our own client's admin promises: a result for each thing that was asked about, with Kafka's errors by name. */
import { type Admin, type ItemResult, unwrap } from '@millrace/client';
import { kafkaErrorIn } from '../drivers/millrace.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

/** `done`, or Kafka's name of the error, of each. */
function outcomesOf(results: readonly ItemResult<object, object>[]): string[] {
  return results.map((result) => ('error' in result ? (kafkaErrorIn(result.error)?.errorName ?? 'other') : 'done'));
}

function admin(attempt: (admin: Admin, scope: Scope) => Promise<unknown>): Behaviour['by'] {
  return { millrace: (_place, scope) => attempt(scope.admin, scope) };
}

async function write(scope: Scope, topic: string, ...values: string[]): Promise<void> {
  await using producer = scope.client.producer();
  const timestamp = Date.now();
  for (const value of values) producer.write({ topic, value, partition: 0, timestamp });
}

export const adminClient: readonly Behaviour[] = [
  {
    name: "the client's admin creates, describes, lists and deletes topics, and tells each failure for itself",
    apis: ['CreateTopics', 'DescribeTopicPartitions', 'Metadata', 'DeleteTopics'],
    shows: {
      created: ['done', 'INVALID_TOPIC_EXCEPTION', 'INVALID_REPLICATION_FACTOR'],
      described: ['done', 'UNKNOWN_TOPIC_OR_PARTITION'],
      replicas: [3, 3],
      listed: true,
      again: ['TOPIC_ALREADY_EXISTS'],
      deleted: ['done', 'UNKNOWN_TOPIC_OR_PARTITION'],
    },
    by: admin(async (admin, scope) => {
      const [topic, absent] = [scope.name('topic'), scope.name('absent')];
      const created = await admin.createTopics([
        { topic, partitions: 2, replicationFactor: 3 },
        { topic: 'no topic!', partitions: 1 },
        { topic: scope.name('large'), replicationFactor: 9 },
      ]);
      await scope.untilKnown(topic);
      const described = await admin.describeTopics([topic, absent]);
      const [first] = described;
      const partitions = first !== undefined && 'partitions' in first ? first.partitions : [];
      const listed = (await admin.listTopics()).some((each) => each.topic === topic);
      const again = await admin.createTopics([{ topic }]);
      const deleted = await admin.deleteTopics([topic, absent]);
      return {
        created: outcomesOf(created),
        described: outcomesOf(described),
        replicas: partitions.map((partition) => partition.replicas.length),
        listed,
        again: outcomesOf(again),
        deleted: outcomesOf(deleted),
      };
    }),
  },
  {
    name: "the client's admin validates without creating",
    apis: ['CreateTopics', 'CreatePartitions'],
    shows: {
      validated: ['done'],
      described: ['UNKNOWN_TOPIC_OR_PARTITION'],
      grown: ['done'],
      refused: ['INVALID_PARTITIONS'],
    },
    by: admin(async (admin, scope) => {
      const topic = scope.name();
      const validated = await admin.createTopics([{ topic, partitions: 2 }], { validateOnly: true });
      const described = await admin.describeTopics([topic]);
      unwrap(await admin.createTopics([{ topic, partitions: 2 }]));
      const grown = await admin.createPartitions([{ topic, totalCount: 5 }], { validateOnly: true });
      const refused = await admin.createPartitions([{ topic, totalCount: 1 }]);
      return {
        validated: outcomesOf(validated),
        described: outcomesOf(described),
        grown: outcomesOf(grown),
        refused: outcomesOf(refused),
      };
    }),
  },
  {
    name: "the client's admin finds offsets and deletes records",
    apis: ['ListOffsets', 'DeleteRecords'],
    shows: {
      before: [0, 3, 0],
      deleted: ['done', 'UNKNOWN_TOPIC_OR_PARTITION'],
      tooFar: ['OFFSET_OUT_OF_RANGE'],
      after: [2, 3],
    },
    by: admin(async (admin, scope) => {
      const topic = await scope.createTopic();
      await write(scope, topic, 'a', 'b', 'c');
      const at = { topic, partition: 0 };
      const found = async () =>
        (
          await admin.listOffsets([
            { ...at, at: 'earliest' },
            { ...at, at: 'latest' },
            { ...at, at: 'max-timestamp' },
          ])
        ).map((result) => ('error' in result ? 'error' : result.offset));
      const before = await found();
      const deleted = await admin.deleteRecords([
        { ...at, offset: 2 },
        { topic, partition: 7, offset: 0 },
      ]);
      const tooFar = await admin.deleteRecords([{ ...at, offset: 9 }]);
      return { before, deleted: outcomesOf(deleted), tooFar: outcomesOf(tooFar), after: (await found()).slice(0, 2) };
    }),
  },
  {
    name: "the client's admin describes and changes configurations",
    apis: ['DescribeConfigs', 'IncrementalAlterConfigs', 'ListConfigResources'],
    shows: {
      before: ['604800000', 'default', 'long', false],
      changed: ['done'],
      after: ['1000', 'topic', 'long', false],
      refused: ['INVALID_CONFIG'],
      absent: ['UNKNOWN_TOPIC_OR_PARTITION'],
      listed: true,
    },
    by: admin(async (admin, scope) => {
      const topic = await scope.createTopic();
      const resource = { type: 'topic', name: topic } as const;
      const look = async () => {
        const [result] = await admin.describeConfigs([{ ...resource, keys: ['retention.ms'] }]);
        const entry = result !== undefined && 'entries' in result ? result.entries[0] : undefined;
        return [entry?.value, entry?.source, entry?.type, entry?.readOnly];
      };
      const before = await look();
      const set = { name: 'retention.ms', operation: 'set', value: '1000' } as const;
      const bad = { name: 'retention.ms', operation: 'set', value: 'long' } as const;
      const changed = await admin.incrementalAlterConfigs([{ ...resource, changes: [set] }]);
      const after = await settled(look, ([value]) => value === '1000');
      const refused = await admin.incrementalAlterConfigs([{ ...resource, changes: [bad] }]);
      const absent = await admin.describeConfigs([{ type: 'topic', name: scope.name('absent') }]);
      const listed = (await admin.listConfigResources(['topic'])).some(({ name }) => name === topic);
      return {
        before,
        changed: outcomesOf(changed),
        after,
        refused: outcomesOf(refused),
        absent: outcomesOf(absent),
        listed,
      };
    }),
  },
  {
    name: "the client's admin moves replicas, elects leaders and finds log directories",
    apis: ['AlterPartitionReassignments', 'ListPartitionReassignments', 'ElectLeaders', 'DescribeLogDirs'],
    shows: {
      moved: ['done'],
      refused: ['INVALID_REPLICA_ASSIGNMENT'],
      ongoing: 0,
      elected: ['done'],
      again: ['ELECTION_NOT_NEEDED'],
      stored: ['string', 'undefined'],
    },
    by: admin(async (admin, scope) => {
      const topic = await scope.createTopic({ assignment: [[1, 2]] });
      const at = { topic, partition: 0 };
      const moved = await admin.alterPartitionReassignments([{ ...at, replicas: [2, 1] }]);
      const refused = await admin.alterPartitionReassignments([{ ...at, replicas: [9] }]);
      const ongoing = await settled(
        () => admin.listPartitionReassignments([at]),
        (list) => list.length === 0,
      );
      const elected = await admin.electLeaders('preferred', [at]);
      const again = await admin.electLeaders('preferred', [at]);
      const [places] = [
        await admin.describeReplicaLogDirectories([
          { ...at, broker: 2 },
          { ...at, broker: 3 },
        ]),
      ];
      const stored = places.map((place) => ('error' in place ? 'error' : typeof place.current));
      return {
        moved: outcomesOf(moved),
        refused: outcomesOf(refused),
        ongoing: ongoing.length,
        elected: outcomesOf(elected),
        again: outcomesOf(again),
        stored,
      };
    }),
  },
  {
    name: "the client's admin describes the cluster, its quorum and its features",
    apis: ['DescribeCluster', 'DescribeQuorum', 'ApiVersions'],
    shows: { brokers: ['1 rack-1', '2 rack-2', '3 rack-3'], voters: [1, 2, 3], leads: true, group: [1, 1] },
    by: admin(async (admin) => {
      const [cluster, quorum] = [await admin.describeCluster(), await admin.describeQuorum()];
      const { features } = await admin.describeFeatures();
      const group = features.find(({ feature }) => feature === 'group.version');
      return {
        brokers: cluster.brokers.map(({ nodeId, rack }) => `${nodeId} ${rack}`),
        voters: quorum.voters.map(({ nodeId }) => nodeId).sort(),
        leads: quorum.voters.some(({ nodeId }) => nodeId === quorum.leader),
        group: [group?.supported?.max, group?.level],
      };
    }),
  },
  {
    name: "the client's admin sets quotas and credentials, and tells them",
    apis: ['AlterClientQuotas', 'DescribeClientQuotas', 'AlterUserScramCredentials', 'DescribeUserScramCredentials'],
    shows: {
      limited: ['done'],
      refused: ['INVALID_REQUEST'],
      quotas: [{ producer_byte_rate: 1000000 }],
      known: ['done'],
      credentials: [[{ mechanism: 'SCRAM-SHA-512', iterations: 4096 }]],
      unknown: ['RESOURCE_NOT_FOUND'],
    },
    by: admin(async (admin, scope) => {
      const user = scope.name('user');
      const mechanism = 'SCRAM-SHA-512';
      scope.defer(() => admin.alterClientQuotas([{ entity: { user }, remove: ['producer_byte_rate'] }]));
      scope.defer(() => admin.alterScramCredentials([{ user, mechanism, delete: true }]));
      const limited = await admin.alterClientQuotas([{ entity: { user }, set: { producer_byte_rate: 1e6 } }]);
      const refused = await admin.alterClientQuotas([{ entity: { user }, set: { no_such_rate: 1 } }]);
      const quotas = await settled(
        () => admin.describeClientQuotas({ user: { name: user } }),
        (entries) => entries.length === 1,
      );
      const known = await admin.alterScramCredentials([{ user, mechanism, password: 'secret', iterations: 4096 }]);
      const credentials = await settled(
        () => admin.describeScramCredentials([user]),
        (results) => outcomesOf(results)[0] === 'done',
      );
      const unknown = await admin.describeScramCredentials([scope.name('absent')]);
      return {
        limited: outcomesOf(limited),
        refused: outcomesOf(refused),
        quotas: quotas.map((each) => each.quotas),
        known: outcomesOf(known),
        credentials: credentials.map((result) => ('credentials' in result ? result.credentials : 'error')),
        unknown: outcomesOf(unknown),
      };
    }),
  },
];
