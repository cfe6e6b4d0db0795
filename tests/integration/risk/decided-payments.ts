/** Payments of one card, a millisecond apart, and the features that are decided on. */
import type { Feature, RiskEvent } from '@millrace/pipelines';

export const startTime = 1_700_000_000_000;

const windowMs = 86_400_000;
export const cardFeatures: readonly Feature[] = [
  { name: 'count_1d', entity: 'card', kind: 'payment', aggregate: { type: 'count' }, windowMs },
  { name: 'sum_1d', entity: 'card', kind: 'payment', aggregate: { type: 'sum', field: 'amount' }, windowMs },
];

export function paymentOf(number: number, amount = 10): RiskEvent {
  return { id: `p${number}`, kind: 'payment', time: startTime + number, fields: { card: 'c1', amount } };
}
