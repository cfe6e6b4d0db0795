/** The configuration of consumer groups (KIP-848): of brokers, and of single groups, by Kafka's names and defaults. */
import type { Definition } from './definition.ts';

export const consumerGroupDefinitions: readonly Definition[] = [
  {
    name: 'group.consumer.assignors',
    type: 'list',
    default: 'uniform,range',
    oneOf: ['uniform', 'range'],
    documentation: 'The assignors that consumer groups may use; the first one where members ask for none.',
  },
  {
    name: 'group.consumer.heartbeat.interval.ms',
    type: 'int',
    default: '5000',
    min: 1,
    documentation: 'How often members of consumer groups are told to send heartbeats, in milliseconds.',
  },
  {
    name: 'group.consumer.max.heartbeat.interval.ms',
    type: 'int',
    default: '15000',
    min: 1,
    documentation: 'The longest heartbeat interval that a consumer group may be configured to, in milliseconds.',
  },
  {
    name: 'group.consumer.max.session.timeout.ms',
    type: 'int',
    default: '60000',
    min: 1,
    documentation: 'The longest session timeout that a consumer group may be configured to, in milliseconds.',
  },
  {
    name: 'group.consumer.max.size',
    type: 'int',
    default: '2147483647',
    min: 1,
    documentation: 'The most members that a consumer group may have.',
  },
  {
    name: 'group.consumer.migration.policy',
    type: 'string',
    default: 'bidirectional',
    oneOf: ['bidirectional', 'upgrade', 'downgrade', 'disabled'],
    documentation: 'Whether groups with members may change from classic to consumer groups and back.',
  },
  {
    name: 'group.consumer.min.heartbeat.interval.ms',
    type: 'int',
    default: '5000',
    min: 1,
    documentation: 'The shortest heartbeat interval that a consumer group may be configured to, in milliseconds.',
  },
  {
    name: 'group.consumer.min.session.timeout.ms',
    type: 'int',
    default: '45000',
    min: 1,
    documentation: 'The shortest session timeout that a consumer group may be configured to, in milliseconds.',
  },
  {
    name: 'group.consumer.regex.refresh.interval.ms',
    type: 'int',
    default: '600000',
    min: 10_000,
    documentation: 'How often the patterns of consumer groups are matched again, in milliseconds.',
  },
  {
    name: 'group.consumer.session.timeout.ms',
    type: 'int',
    default: '45000',
    min: 1,
    documentation: 'After how long without a heartbeat a member of a consumer group is fenced, in milliseconds.',
  },
];

/** What a group may set for itself; `brokerName` says where its value comes from when it sets none. */
export const groupDefinitions: readonly Definition[] = [
  {
    name: 'consumer.heartbeat.interval.ms',
    type: 'int',
    default: '5000',
    min: 1,
    brokerName: 'group.consumer.heartbeat.interval.ms',
    documentation: 'How often members of the group are told to send heartbeats, in milliseconds.',
  },
  {
    name: 'consumer.session.timeout.ms',
    type: 'int',
    default: '45000',
    min: 1,
    brokerName: 'group.consumer.session.timeout.ms',
    documentation: 'After how long without a heartbeat a member of the group is fenced, in milliseconds.',
  },
];
