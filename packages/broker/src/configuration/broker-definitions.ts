/** The configuration of brokers that this broker knows: Kafka's names, and the defaults of Apache Kafka 4.x. */
import { consumerGroupDefinitions } from './consumer-group-definitions.ts';
import type { Definition } from './definition.ts';
import { limitDefinitions } from './limit-definitions.ts';
import { replicationDefinitions } from './replication-definitions.ts';
import { securityDefinitions } from './security-definitions.ts';
import { topicDefinitions } from './topic-definitions.ts';
import { transactionDefinitions } from './transaction-definitions.ts';

const own: readonly Definition[] = [
  {
    name: 'auto.create.topics.enable',
    type: 'boolean',
    default: 'true',
    documentation: 'Whether asking for the metadata of an absent topic creates it.',
  },
  {
    name: 'connections.max.idle.ms',
    type: 'long',
    default: '600000',
    documentation: 'After how long without a request a connection is closed, in milliseconds; below 0 never.',
  },
  {
    name: 'default.replication.factor',
    type: 'int',
    default: '1',
    min: 1,
    documentation: 'The replication factor of topics that name none.',
  },
  {
    name: 'delete.topic.enable',
    type: 'boolean',
    default: 'true',
    documentation: 'Whether topics may be deleted.',
  },
  {
    name: 'fetch.max.bytes',
    type: 'int',
    default: '57671680',
    min: 1024,
    documentation: 'The most bytes of records in one answer to a fetch.',
  },
  {
    name: 'group.initial.rebalance.delay.ms',
    type: 'int',
    default: '0',
    min: 0,
    documentation: 'How long an empty group waits for more members before its first rebalance, in milliseconds.',
  },
  {
    name: 'group.max.session.timeout.ms',
    type: 'int',
    default: '1800000',
    documentation: 'The longest session timeout that a member of a group may ask for, in milliseconds.',
  },
  {
    name: 'group.max.size',
    type: 'int',
    default: '2147483647',
    min: 1,
    documentation: 'The most members that a group may have.',
  },
  {
    name: 'group.min.session.timeout.ms',
    type: 'int',
    default: '6000',
    documentation: 'The shortest session timeout that a member of a group may ask for, in milliseconds.',
  },
  {
    name: 'log.cleaner.backoff.ms',
    type: 'long',
    default: '15000',
    min: 0,
    documentation: 'How long the broker waits before it looks again for logs to compact, in milliseconds.',
  },
  {
    name: 'log.cleaner.dedupe.buffer.size',
    type: 'long',
    default: '134217728',
    min: 1024,
    dynamic: true,
    documentation: 'The most memory for the keys of a log that is compacted, in bytes, of which each takes 24.',
  },
  {
    name: 'log.cleaner.enable',
    type: 'boolean',
    default: 'true',
    documentation: 'Whether logs with cleanup.policy=compact are compacted.',
  },
  {
    name: 'log.cleaner.io.buffer.load.factor',
    type: 'double',
    default: '0.9',
    min: 0.1,
    max: 0.99,
    dynamic: true,
    documentation: 'How full the memory for the keys of a log may get.',
  },
  {
    name: 'log.cleaner.io.max.bytes.per.second',
    type: 'double',
    default: '1.7976931348623157E308',
    min: 1,
    dynamic: true,
    documentation: 'The most bytes that compaction reads and writes in a second.',
  },
  {
    name: 'log.retention.check.interval.ms',
    type: 'long',
    default: '300000',
    min: 1,
    documentation: 'How often the broker looks for segments to delete, in milliseconds.',
  },
  {
    name: 'max.incremental.fetch.session.cache.slots',
    type: 'int',
    default: '1000',
    min: 0,
    documentation: 'The most incremental fetch sessions that are kept.',
  },
  {
    name: 'num.partitions',
    type: 'int',
    default: '1',
    min: 1,
    documentation: 'The number of partitions of topics that name none.',
  },
  {
    name: 'offset.metadata.max.bytes',
    type: 'int',
    default: '4096',
    documentation: 'The longest metadata that a committed offset may carry, in bytes.',
  },
  {
    name: 'offsets.retention.check.interval.ms',
    type: 'long',
    default: '600000',
    min: 1,
    documentation: 'How often the broker looks for expired offsets, in milliseconds.',
  },
  {
    name: 'offsets.retention.minutes',
    type: 'int',
    default: '10080',
    min: 1,
    documentation: 'How long the offsets of a group without members are kept, in minutes.',
  },
  {
    name: 'producer.id.expiration.ms',
    type: 'int',
    default: '86400000',
    min: 1,
    dynamic: true,
    documentation: 'How long the sequence numbers of a silent idempotent producer are kept, in milliseconds.',
  },
  {
    name: 'socket.request.max.bytes',
    type: 'int',
    default: '104857600',
    min: 1,
    documentation: 'The largest request that is accepted, in bytes.',
  },
];

/** The broker-wide defaults of topics' configurations, under the broker's names for them. */
const topicDefaults: readonly Definition[] = topicDefinitions.flatMap((definition) => {
  const { brokerName, ...rest } = definition;
  return brokerName === undefined ? [] : [{ ...rest, name: brokerName, dynamic: true }];
});

export const brokerDefinitions: readonly Definition[] = [
  ...own,
  ...consumerGroupDefinitions,
  ...limitDefinitions,
  ...replicationDefinitions,
  ...securityDefinitions,
  ...transactionDefinitions,
  ...topicDefaults,
].sort((left, right) => (left.name < right.name ? -1 : 1));
