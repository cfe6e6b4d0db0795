/**
 * What a topic takes of its cluster: bytes on disk, bytes in and out, replicas of partitions. Rates are those of the
 * busiest hour and are reckoned for the whole day, so it is never less than what comes.
 *
 * Grows with the rate, the size of records, the time they are kept, replicas, readers and the season's surge; nothing
 * here makes less of it.
 */
import type { Quantity } from '@millrace/api/fleet';
import { type Calculation, quantity } from './calculation.ts';

/** How long records stay; of several bounds the first that is reached counts. */
export interface Kept {
  readonly cleanup: 'delete' | 'compact' | 'compact,delete';
  readonly seconds?: Quantity | undefined;
  /** `retention.bytes`, of each partition. */
  readonly partitionBytes?: Quantity | undefined;
  /** Distinct keys, of a compacted topic. */
  readonly keys?: Quantity | undefined;
  /** A segment is closed, and only then cleaned, after this much or this long. */
  readonly segmentBytes: Quantity;
  readonly segmentSeconds: Quantity;
}

export interface TopicDemand {
  readonly bytesIn: Quantity;
  readonly recordBytes: Quantity;
  /** Groups that read all of it. */
  readonly consumers: Quantity;
  /** Mirrors that read all of it. */
  readonly mirrors: Quantity;
  readonly partitions: Quantity;
  readonly replicas: Quantity;
  readonly kept: Kept;
}

/** A time with more traffic. */
export interface Surge {
  readonly factor: Quantity;
  readonly seconds: Quantity;
}

export interface TopicLoad {
  /** By the producers, at its highest. */
  readonly peakIn: Quantity;
  /** Of one replica of the whole topic. */
  readonly storedOnce: Quantity;
  readonly stored: Quantity;
  /** By all brokers: of producers, and of replication. */
  readonly received: Quantity;
  /** By all brokers: to consumers, to mirrors, and for replication. */
  readonly sent: Quantity;
  readonly partitionReplicas: Quantity;
}

const unlimitedSeconds = quantity('of what is kept for ever, one year counts', 365 * 86_400, 's', 'assumed');
const compactedSeconds = quantity('time in which every key comes again', 30 * 86_400, 's', 'assumed');
const compactionFactor = quantity('room for what is not compacted yet', 2, 'times', 'assumed');

export function topicLoad(demand: TopicDemand, surge: Surge | undefined, calculation: Calculation): TopicLoad {
  const { partitions, replicas } = demand;
  const peakIn =
    surge === undefined
      ? demand.bytesIn
      : calculation.product('bytes in at the height of the season', 'bytes/s', demand.bytesIn, surge.factor);
  const storedOnce = storedBytes(demand, peakIn, surge, calculation);
  const stored = calculation.product('stored with all replicas', 'bytes', storedOnce, replicas);
  const received = calculation.product('received by all brokers, replication included', 'bytes/s', peakIn, replicas);
  const followers = calculation.difference('fetches for replication', replicas, one);
  const readers = calculation.sum('readers of every record', demand.consumers, demand.mirrors, inTimes(followers));
  const sent = calculation.product('sent by all brokers', 'bytes/s', peakIn, readers);
  const partitionReplicas = calculation.product('replicas of partitions', 'replicas', partitions, replicas);
  return { peakIn, storedOnce, stored, received, sent, partitionReplicas };
}

const one = quantity('which is the leader', 1, 'replicas', 'assumed');

function inTimes(of: Quantity): Quantity {
  return { ...of, unit: 'times' };
}

function storedBytes(demand: TopicDemand, peakIn: Quantity, surge: Surge | undefined, calculation: Calculation) {
  const { kept, partitions, recordBytes } = demand;
  const open = calculation.least(
    'segments that are being written, never cleaned',
    calculation.product('written until time closes a segment', 'bytes', peakIn, kept.segmentSeconds),
    calculation.product('written until size closes a segment', 'bytes', partitions, kept.segmentBytes),
  );
  const bounds: Quantity[] = [];
  if (kept.cleanup !== 'delete') {
    if (kept.keys === undefined) {
      bounds.push(keptFor(compactedSeconds, demand.bytesIn, peakIn, surge, calculation));
    } else {
      bounds.push(calculation.product('newest records of all keys', 'bytes', kept.keys, recordBytes, compactionFactor));
    }
  }
  if (kept.cleanup !== 'compact') {
    if (kept.seconds !== undefined || kept.partitionBytes === undefined) {
      bounds.push(keptFor(kept.seconds ?? unlimitedSeconds, demand.bytesIn, peakIn, surge, calculation));
    }
    if (kept.partitionBytes !== undefined) {
      bounds.push(calculation.product('kept by size', 'bytes', kept.partitionBytes, partitions));
    }
  }
  const [first, ...rest] = bounds as [Quantity, ...Quantity[]];
  const closed = rest.length === 0 ? first : calculation.least('kept by the first bound reached', first, ...rest);
  return calculation.sum('stored, one replica', closed, open);
}

/** Of what is kept as long as the season or longer, the part before it came at the ordinary rate. */
function keptFor(
  seconds: Quantity,
  ordinary: Quantity,
  peak: Quantity,
  surge: Surge | undefined,
  calculation: Calculation,
): Quantity {
  if (surge === undefined) return calculation.product('kept by time', 'bytes', ordinary, seconds);
  const during = calculation.least('kept time that lies in the season', seconds, surge.seconds);
  const before = calculation.difference('kept time before it', seconds, during);
  return calculation.sum(
    'kept by time',
    calculation.product('kept of the season', 'bytes', peak, during),
    calculation.product('kept from before it', 'bytes', ordinary, before),
  );
}
