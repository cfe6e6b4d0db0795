/** What admins of foreign clients do to topics, and what they see of a cluster. */
import { Admin, ConfigResourceTypes } from '@platformatic/kafka';
import { kafkajsAt } from '../drivers/kafkajs.ts';
import { runKcat } from '../drivers/kcat.ts';
import { platformaticAt } from '../drivers/platformatic.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import { settled } from '../matrix/settled.ts';

const retention = '60000';

export const foreignAdmins: readonly Behaviour[] = [
  {
    name: 'foreign admins create, grow, describe and delete a topic',
    apis: ['CreateTopics', 'CreatePartitions', 'DescribeConfigs', 'DeleteTopics', 'Metadata'],
    shows: { partitions: 6, leaders: 3, retention, left: [] },
    by: {
      async kafkajs(place, scope) {
        const topic = scope.name();
        const admin = kafkajsAt(place).admin();
        scope.defer(() => admin.disconnect());
        await admin.connect();
        const configEntries = [{ name: 'retention.ms', value: retention }];
        await admin.createTopics({ topics: [{ topic, numPartitions: 4, replicationFactor: 3, configEntries }] });
        await admin.createPartitions({ topicPartitions: [{ topic, count: 6 }] });
        const partitions = await settled(
          async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions ?? [],
          (found) => found.length === 6 && found.every(({ leader }) => leader > 0),
        );
        const { resources } = await admin.describeConfigs({
          includeSynonyms: false,
          resources: [{ type: 2, name: topic, configNames: ['retention.ms'] }],
        });
        await admin.deleteTopics({ topics: [topic] });
        const left = await settled(
          async () => (await admin.listTopics()).filter((name) => name === topic),
          ({ length }) => length === 0,
        );
        return {
          partitions: partitions.length,
          leaders: new Set(partitions.map(({ leader }) => leader)).size,
          retention: resources[0]?.configEntries[0]?.configValue,
          left,
        };
      },
      async '@platformatic/kafka'(place, scope) {
        const topic = scope.name();
        const admin = new Admin(platformaticAt(place));
        scope.defer(() => admin.close());
        const configs = [{ name: 'retention.ms', value: retention }];
        await admin.createTopics({ topics: [topic], partitions: 4, replicas: 3, configs });
        const assignments = [0, 1].map(() => ({ brokerIds: [...place.brokerIds] }));
        await admin.createPartitions({ topics: [{ name: topic, count: 6, assignments }] });
        const partitions = await settled(
          async () =>
            (await admin.metadata({ topics: [topic], forceUpdate: true })).topics.get(topic)?.partitions ?? [],
          (found) => found.length === 6 && found.every(({ leader }) => leader > 0),
        );
        const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic };
        const described = await admin.describeConfigs({
          resources: [{ ...resource, configurationKeys: ['retention.ms'] }],
        });
        await admin.deleteTopics({ topics: [topic] });
        const left = await settled(
          async () => (await admin.listTopics()).filter((name) => name === topic),
          ({ length }) => length === 0,
        );
        return {
          partitions: partitions.length,
          leaders: new Set(partitions.map(({ leader }) => leader)).size,
          retention: described[0]?.configs[0]?.value,
          left,
        };
      },
    },
  },
  {
    name: 'kcat lists brokers, topics, partitions and where these are',
    apis: ['Metadata'],
    shows: { brokers: [1, 2, 3], partitions: 2, leads: true, inSync: 3 },
    by: {
      async kcat(place, scope) {
        const topic = await scope.createTopic({ partitions: 2, replicationFactor: 3 });
        const look = async () => JSON.parse(await runKcat(place, {}, ['-L', '-J', '-t', topic])) as Listing;
        const { brokers, topics } = await settled(look, (seen) => seen.topics[0]?.partitions[0]?.isrs.length === 3);
        const [first] = topics[0]?.partitions ?? [];
        return {
          brokers: brokers.map(({ id }) => id).sort(),
          partitions: topics[0]?.partitions.length,
          leads: first?.replicas.some(({ id }) => id === first.leader),
          inSync: first?.isrs.length,
        };
      },
    },
  },
];

interface Listing {
  readonly brokers: readonly { readonly id: number }[];
  readonly topics: readonly {
    readonly partitions: readonly {
      readonly leader: number;
      readonly replicas: readonly { readonly id: number }[];
      readonly isrs: readonly unknown[];
    }[];
  }[];
}
