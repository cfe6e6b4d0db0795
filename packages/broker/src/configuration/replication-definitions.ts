/** The configuration of brokers that concerns replicas. */
import type { Definition } from './definition.ts';

const longMax = '9223372036854775807';
const secondsMax = 2 ** 31 / 1000 - 1;

export const replicationDefinitions: readonly Definition[] = [
  {
    name: 'auto.leader.rebalance.enable',
    type: 'boolean',
    default: 'true',
    documentation: 'Whether leaderships go back to the preferred replicas by themselves.',
  },
  {
    name: 'follower.replication.throttled.rate',
    type: 'long',
    default: longMax,
    min: 0,
    dynamic: true,
    documentation: "The most bytes a second that a broker's throttled followers catch up by.",
  },
  {
    name: 'leader.imbalance.check.interval.seconds',
    type: 'long',
    default: '300',
    min: 1,
    max: Math.floor(secondsMax),
    documentation: 'How often leaderships go back to the preferred replicas, in seconds.',
  },
  {
    name: 'leader.imbalance.per.broker.percentage',
    type: 'int',
    default: '10',
    min: 0,
    documentation: 'Has no effect, as in Apache Kafka with KRaft: every leadership goes back.',
  },
  {
    name: 'leader.replication.throttled.rate',
    type: 'long',
    default: longMax,
    min: 0,
    dynamic: true,
    documentation: "The most bytes a second that a broker's leaders send to throttled followers.",
  },
  {
    name: 'millrace.replica.catch.up.rate',
    type: 'long',
    default: '104857600',
    min: 1,
    dynamic: true,
    documentation: 'How fast the replicas of a broker that are out of sync catch up, in bytes a second. Not of Kafka.',
  },
  {
    name: 'replica.alter.log.dirs.io.max.bytes.per.second',
    type: 'long',
    default: longMax,
    min: 0,
    dynamic: true,
    documentation: 'Has no effect here: a broker has one log directory.',
  },
  {
    name: 'replica.selector.class',
    type: 'string',
    default: '',
    oneOf: ['', 'org.apache.kafka.common.replica.RackAwareReplicaSelector'],
    documentation:
      "Which replica consumers are told to read from (KIP-392): the leader, or one in the consumer's rack.",
  },
  {
    name: 'unclean.leader.election.interval.ms',
    type: 'long',
    default: '300000',
    min: 1,
    documentation: 'How often partitions without leader get one out of sync where that is enabled, in milliseconds.',
  },
];
