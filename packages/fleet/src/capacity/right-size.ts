/** Advice on topics that are there: more or fewer partitions, replicas that can't be, expectations that are not met. */
import type { Quantity } from '@millrace/api/fleet';
import { Calculation, quantity } from './calculation.ts';
import { demandOf, type ExistingTopic } from './existing-topic.ts';
import { partitionCount } from './partition-count.ts';
import { type Surge, topicLoad } from './topic-load.ts';

export interface Advice {
  readonly topic: string;
  readonly kind: 'more_partitions' | 'fewer_partitions' | 'expected_too_low' | 'expected_too_high';
  readonly text: string;
  readonly is: Quantity;
  readonly better: Quantity;
  readonly calculation: Calculation;
}

/** Fewer partitions need a new topic, so that is advised only where it is worth it. */
const manyTimes = 4;
const manyLeast = 12;
/** What the rate may be off from what is expected. */
const offTimes = 2;

export function rightSize(topic: ExistingTopic, brokers: Quantity, surge: Surge | undefined): Advice[] {
  const { observed, declared } = topic;
  const calculation = new Calculation();
  const { demand, known } = demandOf(topic, calculation);
  if (observed === undefined || known !== 'measured') return [];
  const load = topicLoad(demand, surge, calculation);
  const needed = partitionCount(load.peakIn, load.storedOnce, brokers, calculation);
  const is = demand.partitions;
  const advice: Advice[] = [];
  const add = (kind: Advice['kind'], text: string, now: Quantity, better: Quantity): void => {
    advice.push({ topic: topic.name, kind, text, is: now, better, calculation });
  };
  if (is.value < needed.value && needed.value > brokers.value) {
    add('more_partitions', `${is.value} partitions are few for what it carries; ${needed.value} would do`, is, needed);
  }
  if (is.value >= manyLeast && is.value >= manyTimes * needed.value) {
    add('fewer_partitions', `${needed.value} partitions would do for what it carries; it has ${is.value}`, is, needed);
  }
  const expected = declared?.expected?.recordsPerSecond;
  const rate = observed.recordsPerSecond;
  if (expected !== undefined && rate !== undefined) {
    const was = quantity('expected', expected, 'records/s', 'declared');
    const measured = quantity('newest offsets grow by', rate, 'records/s', 'measured');
    if (rate > offTimes * expected) {
      add('expected_too_low', `${Math.round(rate)} records/s come, ${expected} were expected`, was, measured);
    } else if (rate > 0 && rate * offTimes < expected) {
      add('expected_too_high', `${Math.round(rate)} records/s come, ${expected} were expected`, was, measured);
    }
  }
  return advice;
}
