/**
 * What a topic costs its team in a month, of the same load that the capacity model reckons with on ordinary days.
 * Replication's traffic is in the price of what is stored and not counted again.
 */
import type { Prices } from '@millrace/api/declared';
import type { Quantity } from '@millrace/api/fleet';
import { Calculation, quantity } from '../capacity/calculation.ts';
import { demandOf, type ExistingTopic, existingLoad } from '../capacity/existing-topic.ts';
import { type TopicDemand, type TopicLoad, topicLoad } from '../capacity/topic-load.ts';

const gib = quantity('bytes in a GiB', 2 ** 30, 'bytes', 'assumed');
const monthSeconds = quantity('a month', 30 * 86_400, 's', 'assumed');
const producers = quantity('by producers', 1, 'times', 'assumed');

/** Of a topic that is wanted. */
export function wantedTopicCost(demand: TopicDemand, prices: Prices | undefined, calculation: Calculation): Quantity {
  return monthlyCost(demand, topicLoad(demand, undefined, calculation), prices, calculation);
}

/** Of a topic that is there or declared. */
export function existingTopicCost(
  topic: ExistingTopic,
  prices: Prices | undefined,
  calculation = new Calculation('silent'),
): Quantity {
  const { demand } = demandOf(topic, new Calculation('silent'));
  return monthlyCost(demand, existingLoad(topic, undefined, calculation), prices, calculation);
}

function monthlyCost(
  demand: TopicDemand,
  load: TopicLoad,
  prices: Prices | undefined,
  calculation: Calculation,
): Quantity {
  const storedGib = calculation.quotient('stored GiB', 'GiB', load.stored, gib);
  const moves = calculation.sum('how often each byte comes and goes', producers, demand.consumers, demand.mirrors);
  const moved = calculation.product('in and out in a month', 'bytes', load.peakIn, moves, monthSeconds);
  const movedGib = calculation.quotient('GiB in and out in a month', 'GiB', moved, gib);
  return calculation.sum(
    'monthly cost',
    calculation.product('for storage', 'price/month', storedGib, price('of a GiB a month', prices?.storedGibMonth)),
    calculation.product('for traffic', 'price/month', movedGib, price('of a GiB in or out', prices?.trafficGib)),
    calculation.product(
      'for partitions',
      'price/month',
      load.partitionReplicas,
      price('of a replica a month', prices?.partitionMonth),
    ),
  );
}

function price(name: string, value: number | undefined): Quantity {
  return quantity(`price ${name}`, value ?? 0, 'price', value === undefined ? 'assumed' : 'declared');
}
