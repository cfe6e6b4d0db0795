/**
 * What clients are set to where nobody says otherwise: no record is lost or written twice by an ordinary failure, and a
 * consumer begins where the topic does and sees committed records alone.
 */
import type { Role } from '@millrace/api/declared';

type Settings = Readonly<Record<string, string>>;

const all: Settings = {
  'security.protocol': 'PLAINTEXT',
  'request.timeout.ms': '30000',
  'metadata.max.age.ms': '60000',
};

export const standardSettings: Readonly<Record<Role, Settings>> = {
  producer: {
    ...all,
    acks: 'all',
    'enable.idempotence': 'true',
    'max.in.flight.requests.per.connection': '5',
    'compression.type': 'lz4',
    'linger.ms': '5',
    'batch.size': '131072',
    'delivery.timeout.ms': '120000',
  },
  consumer: {
    ...all,
    'auto.offset.reset': 'earliest',
    'isolation.level': 'read_committed',
    'fetch.min.bytes': '1',
    'fetch.max.wait.ms': '500',
    'fetch.max.bytes': '52428800',
    'max.partition.fetch.bytes': '1048576',
    'session.timeout.ms': '45000',
    'heartbeat.interval.ms': '3000',
    'max.poll.interval.ms': '300000',
  },
};

const ofProducers: ReadonlySet<string> = new Set([
  'acks',
  'enable.idempotence',
  'compression.type',
  'linger.ms',
  'batch.size',
  'max.request.size',
  'buffer.memory',
  'max.block.ms',
  'retries',
  'delivery.timeout.ms',
  'max.in.flight.requests.per.connection',
  'key.serializer',
  'value.serializer',
]);

const ofConsumers: ReadonlySet<string> = new Set([
  'auto.offset.reset',
  'isolation.level',
  'client.rack',
  'enable.auto.commit',
  'auto.commit.interval.ms',
  'check.crcs',
  'exclude.internal.topics',
  'allow.auto.create.topics',
  'group.protocol',
  'group.remote.assignor',
  'partition.assignment.strategy',
  'session.timeout.ms',
  'heartbeat.interval.ms',
  'key.deserializer',
  'value.deserializer',
]);

/** Whether a setting means something to clients of the role. */
export function isOfRole(name: string, role: Role): boolean {
  if (ofProducers.has(name)) return role === 'producer';
  return role === 'consumer' || !(ofConsumers.has(name) || /^(fetch|max\.poll|max\.partition)\./.test(name));
}
