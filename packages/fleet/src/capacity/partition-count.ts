/**
 * How many partitions a topic should have: enough that none is busier or larger than one should be, also when the
 * topic has grown, since partitions that are added later change which partition a key is in.
 */
import type { Quantity } from '@millrace/api/fleet';
import { type Calculation, quantity } from './calculation.ts';

const growth = quantity('room to grow', 2, 'times', 'assumed');
const busiest = quantity('for one partition', 10 * 2 ** 20, 'bytes/s', 'assumed');
const largest = quantity('for one partition', 50 * 2 ** 30, 'bytes', 'assumed');
const fewest = quantity('so that consumers can share the work', 3, 'partitions', 'assumed');

/** `storedOnce` is what a single partition would hold. Above one a broker it is a multiple of the brokers. */
export function partitionCount(
  peakIn: Quantity,
  storedOnce: Quantity,
  brokers: Quantity,
  calculation: Calculation,
): Quantity {
  const grownRate = calculation.product('bytes in when it has grown', 'bytes/s', peakIn, growth);
  const byRate = calculation.quotientRoundedUp('partitions by traffic', 'partitions', grownRate, busiest);
  const grownSize = calculation.product('stored when it has grown', 'bytes', storedOnce, growth);
  const bySize = calculation.quotientRoundedUp('partitions by size', 'partitions', grownSize, largest);
  const needed = calculation.most('partitions needed', byRate, bySize, fewest);
  if (brokers.value < 1 || needed.value <= brokers.value) return needed;
  const each = calculation.quotientRoundedUp('partitions that each broker leads', 'partitions', needed, brokers);
  return calculation.product('partitions, as many on each broker', 'partitions', each, brokers);
}
