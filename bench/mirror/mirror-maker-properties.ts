/**
 * MirrorMaker 2 as its guides tune it for throughput: large fetches and polls, large batches that linger, tasks for the
 * processors there are, and nothing running that is not asked for.
 */

export interface MirrorMakerRun {
  readonly source: string;
  readonly target: string;
  readonly topic: string;
  /** What the source is called; part of the names of its topics. */
  readonly alias: string;
  readonly exactlyOnce: boolean;
  /** As the source's batches have it: it compresses anew. */
  readonly compression: string;
  /** A cluster is far: buffers as large as the system lets them grow, and larger fetches and batches. */
  readonly isFar?: boolean | undefined;
}

export function mirrorMakerProperties({
  source,
  target,
  topic,
  alias,
  exactlyOnce,
  compression,
  isFar = false,
}: MirrorMakerRun): Record<string, string> {
  const consumer = {
    'fetch.min.bytes': '100000',
    'fetch.max.bytes': '52428800',
    'max.partition.fetch.bytes': '10485760',
    'max.poll.records': '20000',
    'receive.buffer.bytes': '1048576',
    ...(isFar && { 'fetch.max.bytes': '104857600', 'max.partition.fetch.bytes': '16777216', ...farBuffers }),
  };
  const producer = {
    'batch.size': '524288',
    'compression.type': compression,
    'linger.ms': '20',
    'buffer.memory': '134217728',
    'max.request.size': '10485760',
    'send.buffer.bytes': '1048576',
    ...(isFar && { 'batch.size': '1000000', 'linger.ms': '100', ...farBuffers }),
  };
  return {
    clusters: `${alias}, target`,
    [`${alias}.bootstrap.servers`]: source,
    'target.bootstrap.servers': target,
    [`${alias}->target.enabled`]: 'true',
    [`${alias}->target.topics`]: topic,
    [`target->${alias}.enabled`]: 'false',
    'tasks.max': '2',
    'replication.factor': '1',
    'checkpoints.topic.replication.factor': '1',
    'heartbeats.topic.replication.factor': '1',
    'offset-syncs.topic.replication.factor': '1',
    'offset.storage.replication.factor': '1',
    'status.storage.replication.factor': '1',
    'config.storage.replication.factor': '1',
    'emit.heartbeats.enabled': 'false',
    'emit.checkpoints.enabled': 'false',
    'sync.topic.acls.enabled': 'false',
    'sync.topic.configs.enabled': 'false',
    'refresh.topics.interval.seconds': '600',
    ...(exactlyOnce && {
      'target.exactly.once.source.support': 'enabled',
      'dedicated.mode.enable.internal.rest': 'true',
      listeners: 'http://127.0.0.1:0',
      [`${alias}.consumer.isolation.level`]: 'read_committed',
    }),
    ...prefixed(`${alias}.consumer.`, consumer),
    ...prefixed('target.producer.', producer),
  };
}

/** -1: the system's, which grow with the link. */
const farBuffers = { 'receive.buffer.bytes': '-1', 'send.buffer.bytes': '-1' };

function prefixed(prefix: string, properties: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [`${prefix}${name}`, value]));
}
