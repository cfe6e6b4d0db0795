import type { AssignorName } from '../../consumer.ts';
import type { Assignor } from './assignor.ts';
import { cooperativeSticky } from './cooperative-sticky.ts';
import { range } from './range.ts';
import { roundRobin } from './round-robin.ts';

/** The assignors by name. */
export const assignors: { readonly [name in AssignorName]: Assignor } = {
  'cooperative-sticky': cooperativeSticky,
  range,
  roundrobin: roundRobin,
};
