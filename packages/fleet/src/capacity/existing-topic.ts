/**
 * A topic that is declared or there already, as a demand on its cluster: the higher of what its owner expects and what
 * was measured. Where neither is known it takes partitions and nothing else, and is told as unknown.
 */
import type { Topic } from '@millrace/api/declared';
import type { Quantity } from '@millrace/api/fleet';
import type { ObservedTopic } from '../inventory/inventory.ts';
import { Calculation, quantity } from './calculation.ts';
import { keptBy } from './topic-configs.ts';
import { type Surge, type TopicDemand, type TopicLoad, topicLoad } from './topic-load.ts';

export interface ExistingTopic {
  readonly name: string;
  readonly declared?: Topic | undefined;
  readonly observed?: ObservedTopic | undefined;
  /** How many applications are declared to read it. */
  readonly readers: number;
  /** How many mirrors take it elsewhere. */
  readonly mirrors: number;
}

export interface ExistingLoad extends TopicLoad {
  readonly known: 'measured' | 'declared' | 'unknown';
}

const assumedRecordBytes = quantity('size of a record', 1024, 'bytes/record', 'assumed');

export function demandOf(
  topic: ExistingTopic,
  calculation: Calculation,
): { demand: TopicDemand; known: ExistingLoad['known'] } {
  const { declared, observed } = topic;
  const { rate, known, recordBytes } = rateOf(topic, calculation);
  const configs = { ...observed?.configs, ...(observed === undefined ? declared?.configs : {}) };
  const partitions = observed?.partitions.length ?? declared?.partitions ?? 1;
  const replicas = observed?.partitions[0]?.replicas.length ?? declared?.replicas ?? 1;
  const seen = observed === undefined ? 'declared' : 'measured';
  const demand = {
    bytesIn: rate,
    recordBytes,
    consumers: consumersOf(topic),
    mirrors: quantity('mirrors', topic.mirrors, 'times', 'declared'),
    partitions: quantity('partitions', partitions, 'partitions', seen),
    replicas: quantity('replicas', replicas, 'replicas', seen),
    kept: keptBy(configs, seen, declared?.expected?.keys),
  };
  return { demand, known };
}

/** What is there is never less than what was measured, in the season as much more as it has more traffic. */
export function existingLoad(
  topic: ExistingTopic,
  surge: Surge | undefined,
  calculation = new Calculation('silent'),
): ExistingLoad {
  const { demand, known } = demandOf(topic, calculation);
  const load = topicLoad(demand, surge, calculation);
  const { storedBytes } = topic.observed ?? {};
  if (storedBytes === undefined) return { ...load, known };
  const there = quantity('on disk with all replicas', storedBytes, 'bytes', 'measured');
  const grown =
    surge === undefined ? there : calculation.product('on disk in the season', 'bytes', there, surge.factor);
  const isExpected = topic.declared?.expected !== undefined;
  return { ...load, stored: isExpected ? calculation.most('stored', load.stored, grown) : grown, known };
}

function rateOf(
  { declared, observed }: ExistingTopic,
  calculation: Calculation,
): { readonly rate: Quantity; readonly known: ExistingLoad['known']; readonly recordBytes: Quantity } {
  const expected = declared?.expected;
  const recordBytes =
    expected === undefined
      ? assumedRecordBytes
      : quantity('size of a record', expected.recordBytes, 'bytes/record', 'declared');
  const rates: Quantity[] = [];
  if (expected !== undefined) {
    const records = quantity('expected', expected.recordsPerSecond, 'records/s', 'declared');
    rates.push(calculation.product('bytes in, as expected', 'bytes/s', records, recordBytes));
  }
  if (observed?.recordsPerSecond !== undefined) {
    const records = quantity('newest offsets grow by', observed.recordsPerSecond, 'records/s', 'measured');
    rates.push(calculation.product('bytes in, by records', 'bytes/s', records, recordBytes));
  }
  if (observed?.bytesPerSecond !== undefined) {
    rates.push(quantity('bytes in, by growth on disk', Math.max(0, observed.bytesPerSecond), 'bytes/s', 'measured'));
  }
  const [first, ...rest] = rates;
  if (first === undefined) {
    return { rate: quantity('bytes in, unknown', 0, 'bytes/s', 'assumed'), known: 'unknown', recordBytes };
  }
  const rate = rest.length === 0 ? first : calculation.most('bytes in', first, ...rest);
  const isMeasured = observed?.recordsPerSecond !== undefined || observed?.bytesPerSecond !== undefined;
  return { rate, known: isMeasured ? 'measured' : 'declared', recordBytes };
}

function consumersOf({ declared, readers }: ExistingTopic): Quantity {
  const expected = declared?.expected?.consumers;
  if (expected !== undefined && expected >= readers) return quantity('consumers', expected, 'times', 'declared');
  if (readers > 0) return quantity('consumers', readers, 'times', 'declared');
  return quantity('consumers', 1, 'times', 'assumed');
}
