/**
 * What of a topic falls on the broker that has most of it: replicas and leaders are spread evenly, and what does not
 * come out even is on some brokers and not on others.
 */
import type { Quantity } from '@millrace/api/fleet';
import type { Calculation } from './calculation.ts';
import type { TopicDemand, TopicLoad } from './topic-load.ts';

export const resources = ['disk', 'in', 'out', 'partitions'] as const;
/** What a broker runs out of. */
export type Resource = (typeof resources)[number];

export type BrokerShare = Readonly<Record<Resource, Quantity>>;

export function brokerShare(
  demand: TopicDemand,
  load: TopicLoad,
  brokers: Quantity,
  calculation: Calculation,
): BrokerShare {
  const { partitions } = demand;
  const partitionBytes = calculation.quotient('stored of one partition', 'bytes', load.storedOnce, partitions);
  const partitionIn = calculation.quotient('bytes in of one partition', 'bytes/s', load.peakIn, partitions);
  const sent = calculation.quotient('sent of one partition', 'bytes/s', load.sent, partitions);
  const held = calculation.quotientRoundedUp('replicas on one broker', 'replicas', load.partitionReplicas, brokers);
  const led = calculation.quotientRoundedUp('of them leaders', 'partitions', partitions, brokers);
  return {
    disk: calculation.product('disk of one broker', 'bytes', partitionBytes, held),
    in: calculation.product('received by one broker', 'bytes/s', partitionIn, held),
    out: calculation.product('sent by one broker', 'bytes/s', sent, led),
    partitions: held,
  };
}
