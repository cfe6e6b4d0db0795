/** What admins of foreign clients see of a cluster and change in it: brokers, replicas, quotas, directories. */
import { ClientQuotaEntityTypes, ClientQuotaKeys, ClientQuotaMatchTypes } from '@platformatic/kafka';
import { outcomeOf } from '../drivers/driver.ts';
import { kafkajs, kafkajsAdmin } from '../drivers/kafkajs.ts';
import { platformatic, platformaticAdmin } from '../drivers/platformatic.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import { settled } from '../matrix/settled.ts';

export const foreignClusters: readonly Behaviour[] = [
  {
    name: 'a foreign admin describes the cluster: its brokers, where they listen, and its controller',
    apis: ['Metadata'],
    shows: { brokers: [1, 2, 3], listening: true, controller: true, identified: true },
    by: {
      async kafkajs(place, scope) {
        const admin = await kafkajsAdmin(place, scope);
        const { brokers, controller, clusterId } = await admin.describeCluster();
        return clusterOf(
          place.bootstrap(),
          brokers.map(({ nodeId, host, port }) => ({ id: nodeId, host, port })),
          controller,
          clusterId,
        );
      },
      async '@platformatic/kafka'(place, scope) {
        const admin = platformaticAdmin(place, scope);
        const { brokers, controllerId, id } = await admin.metadata({ topics: [], forceUpdate: true });
        const all = [...brokers].map(([nodeId, { host, port }]) => ({ id: nodeId, host, port }));
        return clusterOf(place.bootstrap(), all, controllerId, id);
      },
    },
  },
  {
    name: 'a foreign admin is told why a topic is not created, grown or deleted',
    apis: ['CreateTopics', 'CreatePartitions', 'DeleteTopics'],
    shows: {
      'too many replicas': 'INVALID_REPLICATION_FACTOR',
      'a strange name': 'INVALID_TOPIC_EXCEPTION',
      fewer: 'INVALID_PARTITIONS',
      'absent, grown': 'UNKNOWN_TOPIC_OR_PARTITION',
      'absent, deleted': 'UNKNOWN_TOPIC_OR_PARTITION',
    },
    by: {
      async kafkajs(place, scope) {
        const [topic, absent] = [await scope.createTopic({ partitions: 3 }), scope.name('absent')];
        const admin = await kafkajsAdmin(place, scope);
        const create = (name: string, replicationFactor: number) =>
          admin.createTopics({ topics: [{ topic: name, numPartitions: 1, replicationFactor }] });
        const grow = (name: string) => admin.createPartitions({ topicPartitions: [{ topic: name, count: 2 }] });
        const outcome = (work: () => Promise<unknown>) => outcomeOf(kafkajs, work);
        return {
          'too many replicas': await outcome(() => create(scope.name('large'), 9)),
          'a strange name': await outcome(() => create('no topic!', 1)),
          fewer: await outcome(() => grow(topic)),
          'absent, grown': await outcome(() => grow(absent)),
          'absent, deleted': await outcome(() => admin.deleteTopics({ topics: [absent] })),
        };
      },
      async '@platformatic/kafka'(place, scope) {
        const [topic, absent] = [await scope.createTopic({ partitions: 3 }), scope.name('absent')];
        const admin = platformaticAdmin(place, scope);
        const create = (name: string, replicas: number) =>
          admin.createTopics({ topics: [name], partitions: 1, replicas });
        const grow = (name: string) =>
          admin.createPartitions({ topics: [{ name, count: 2, assignments: null as never }] });
        const outcome = (work: () => Promise<unknown>) => outcomeOf(platformatic, work);
        return {
          'too many replicas': await outcome(() => create(scope.name('large'), 9)),
          'a strange name': await outcome(() => create('no topic!', 1)),
          fewer: await outcome(() => grow(topic)),
          'absent, grown': await outcome(() => grow(absent)),
          'absent, deleted': await outcome(() => admin.deleteTopics({ topics: [absent] })),
        };
      },
    },
  },
  {
    name: 'a foreign admin moves a partition to another broker, and sees none under way when it is there',
    apis: ['AlterPartitionReassignments', 'ListPartitionReassignments', 'Metadata'],
    shows: { replicas: [2, 3], leader: 2, 'under way': [], absent: 'UNKNOWN_TOPIC_OR_PARTITION' },
    by: {
      async kafkajs(place, scope) {
        const topic = await scope.createTopic({ assignment: [[1]] });
        const admin = await kafkajsAdmin(place, scope);
        const move = (name: string): Promise<void> => {
          const partitionAssignment = [{ partition: 0, replicas: [2, 3] }];
          return admin.alterPartitionReassignments({ topics: [{ topic: name, partitionAssignment }] });
        };
        await move(topic);
        const moved = await settled(
          async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions[0],
          (partition) => `${partition?.replicas}` === '2,3' && partition?.leader === 2,
        );
        const topics = [{ topic, partitions: [0] }];
        const listed = await settled(
          async () => (await admin.listPartitionReassignments({ topics })).topics,
          ({ length }) => length === 0,
        );
        const absent = await outcomeOf(kafkajs, () => move(scope.name('absent')));
        return { replicas: moved?.replicas, leader: moved?.leader, 'under way': listed, absent };
      },
    },
  },
  {
    name: 'a foreign admin sets a quota, sees it, and takes it away',
    apis: ['AlterClientQuotas', 'DescribeClientQuotas'],
    shows: { set: [['producer_byte_rate', 5000]], left: [] },
    by: {
      async '@platformatic/kafka'(place, scope) {
        const admin = platformaticAdmin(place, scope);
        const entityType = ClientQuotaEntityTypes.CLIENT_ID;
        const [entityName, key] = [scope.name('client'), ClientQuotaKeys.PRODUCER_BYTE_RATE];
        const entities = [{ entityType, entityName }];
        const remove = () => admin.alterClientQuotas({ entries: [{ entities, ops: [{ key, remove: true }] }] });
        const look = async () => {
          const components = [{ entityType, matchType: ClientQuotaMatchTypes.EXACT, match: entityName }];
          const found = await admin.describeClientQuotas({ components });
          return found.flatMap(({ values }) => values.map((each) => [each.key, each.value]));
        };
        await admin.alterClientQuotas({ entries: [{ entities, ops: [{ key, value: 5000, remove: false }] }] });
        const set = await settled(look, ({ length }) => length === 1);
        await remove();
        return { set, left: await settled(look, ({ length }) => length === 0) };
      },
    },
  },
  {
    name: 'a foreign admin sees how large a partition is on each of its brokers',
    apis: ['DescribeLogDirs'],
    shows: { brokers: [1, 2, 3], filled: [true, true, true], behind: [0, 0, 0] },
    by: {
      async '@platformatic/kafka'(place, scope) {
        const topic = await scope.createTopic({ replicationFactor: 3 });
        await platformatic.produce(place, scope, { topic, messages: [{ value: 'x' }] });
        const admin = platformaticAdmin(place, scope);
        const look = async () => {
          const found = await admin.describeLogDirs({ topics: [{ name: topic, partitions: [0] }] });
          return found.flatMap(({ broker, results }) =>
            results.flatMap(({ topics }) =>
              topics.flatMap(({ partitions }) =>
                partitions.map(({ partitionSize, offsetLag }) => ({
                  broker: Number(broker),
                  filled: partitionSize > 0n,
                  behind: Number(offsetLag),
                })),
              ),
            ),
          );
        };
        const seen = await settled(look, (all) => all.length === 3 && all.every((each) => each.filled && !each.behind));
        return {
          brokers: seen.map(({ broker }) => broker).sort(),
          filled: seen.map(({ filled }) => filled),
          behind: seen.map(({ behind }) => behind),
        };
      },
    },
  },
];

interface Broker {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

function clusterOf(bootstrap: string, brokers: readonly Broker[], controller: number | null, clusterId: unknown) {
  return {
    brokers: brokers.map(({ id }) => id).sort(),
    listening: brokers.every(({ host, port }) => bootstrap.split(',').includes(`${host}:${port}`)),
    controller: brokers.some(({ id }) => id === controller),
    identified: typeof clusterId === 'string' && clusterId !== '',
  };
}
