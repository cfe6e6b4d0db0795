/**
 * One topic's configuration: what the topic sets itself over the broker's values. Numbers that appends and reads need
 * are parsed once and parsed again only when something changed.
 */
import type { Compression } from '@millrace/wire';
import type { ClusterConfiguration } from './cluster-configuration.ts';
import { ConfigurationError, checkValue, type Definition } from './definition.ts';
import { topicDefinitions } from './topic-definitions.ts';

const definitions = new Map(topicDefinitions.map((definition) => [definition.name, definition]));

/** The values that the log needs, parsed. Bytes and milliseconds; Infinity for no bound. */
export interface LogSettings {
  readonly compact: boolean;
  readonly deleteOld: boolean;
  /** From which share of bytes not compacted on the log is. */
  readonly dirtyRatioMin: number;
  readonly compactionLagMinMs: number;
  readonly compactionLagMaxMs: number;
  /** How long tombstones are kept. */
  readonly tombstoneMs: number;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly indexIntervalBytes: number;
  readonly batchBytesMax: number;
  readonly flushRecords: number;
  readonly flushMs: number;
  readonly timestampIsAppendTime: boolean;
  readonly timestampBeforeMaxMs: number;
  readonly timestampAfterMaxMs: number;
  /** `producer` keeps batches as they came. */
  readonly compression: 'producer' | 'uncompressed' | Exclude<Compression, 'none'>;
  /** The codec's own scale; its default when undefined. */
  readonly compressionLevel: number | undefined;
  readonly inSyncMin: number;
  readonly uncleanElection: boolean;
}

/** Throws `ConfigurationError` when a name does not exist for topics or its value is not allowed. */
export function checkTopicConfiguration(values: ReadonlyMap<string, string>): void {
  for (const [name, value] of values) checkValue(topicDefinition(name), value);
}

/** The definition of a topic's configuration name; throws `ConfigurationError` when there is none. */
export function topicDefinition(name: string): Definition {
  const definition = definitions.get(name);
  if (definition === undefined) throw new ConfigurationError(name, `Unknown topic config name: ${name}`);
  return definition;
}

/** The value in force: the topic's own, the broker's, or the default. */
export function effectiveValue(
  definition: Definition,
  own: ReadonlyMap<string, string>,
  cluster: ClusterConfiguration,
): string {
  const value = own.get(definition.name);
  if (value !== undefined) return value;
  return definition.brokerName === undefined ? definition.default : cluster.text(definition.brokerName);
}

export function logSettings(own: ReadonlyMap<string, string>, cluster: ClusterConfiguration): LogSettings {
  const text = (name: string): string => effectiveValue(topicDefinition(name), own, cluster);
  const number = (name: string): number => Number(text(name));
  const bounded = (name: string): number => (number(name) < 0 ? Number.POSITIVE_INFINITY : number(name));
  const policy = text('cleanup.policy');
  const compression = text('compression.type') as LogSettings['compression'];
  return {
    compact: policy.includes('compact'),
    dirtyRatioMin: number('min.cleanable.dirty.ratio'),
    compactionLagMinMs: number('min.compaction.lag.ms'),
    compactionLagMaxMs: number('max.compaction.lag.ms'),
    tombstoneMs: number('delete.retention.ms'),
    deleteOld: policy.includes('delete'),
    retentionMs: bounded('retention.ms'),
    retentionBytes: bounded('retention.bytes'),
    segmentBytes: number('segment.bytes'),
    segmentMs: policy.includes('compact')
      ? Math.min(number('segment.ms'), number('max.compaction.lag.ms'))
      : number('segment.ms'),
    indexIntervalBytes: number('index.interval.bytes'),
    batchBytesMax: number('max.message.bytes'),
    flushRecords: number('flush.messages'),
    flushMs: number('flush.ms'),
    timestampIsAppendTime: text('message.timestamp.type') === 'LogAppendTime',
    timestampBeforeMaxMs: number('message.timestamp.before.max.ms'),
    timestampAfterMaxMs: number('message.timestamp.after.max.ms'),
    compression,
    compressionLevel: levelOf(compression, number),
    inSyncMin: number('min.insync.replicas'),
    uncleanElection: text('unclean.leader.election.enable') === 'true',
  };
}

/** The level that is configured for a compression; gzip's -1 is its own default. */
function levelOf(compression: LogSettings['compression'], number: (name: string) => number): number | undefined {
  if (compression === 'zstd') return number('compression.zstd.level');
  const level = compression === 'gzip' ? number('compression.gzip.level') : -1;
  return level === -1 ? undefined : level;
}
