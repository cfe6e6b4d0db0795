/** Card transactions of the Fraud Detection Handbook as events, and the features that tests compute of them. */
import { createReadStream, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { seededRandomness } from '@millrace/base';
import type { Feature, RiskArrival, RiskEvent } from '@millrace/pipelines';

const directory = resolve(import.meta.dirname, '../../../../shared/data/risk/fraud-handbook/dev');
export const present = existsSync(directory);
export const files = ['2018-06b', '2018-07_history', 'train_week', '2018-08-01_to_14_nolabel'].map((name) =>
  join(directory, `tx_${name}.csv.gz`),
);

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
/** Whether a transaction was fraud is known so much later. */
export const labelDelayMs = 7 * dayMs;
export const latenessMs = 6 * hourMs;

const card = { entity: 'card', kind: 'payment' } as const;
const merchant = { entity: 'merchant', kind: 'payment' } as const;
const risk = { entity: 'merchant', kind: 'label', aggregate: { type: 'mean', field: 'fraud' } } as const;
const of = (type: 'sum' | 'mean') => ({ type, field: 'amount' }) as const;

export const features: readonly Feature[] = [
  { name: 'card_count_1h', ...card, aggregate: { type: 'count' }, windowMs: hourMs },
  { name: 'card_count_7d', ...card, aggregate: { type: 'count' }, windowMs: 7 * dayMs },
  { name: 'card_sum_1d', ...card, aggregate: of('sum'), windowMs: dayMs },
  { name: 'card_sum_30d', ...card, aggregate: of('sum'), windowMs: 30 * dayMs },
  { name: 'card_mean_7d', ...card, aggregate: of('mean'), windowMs: 7 * dayMs },
  { name: 'card_merchants_30d', ...card, aggregate: { type: 'distinct', field: 'merchant' }, windowMs: 30 * dayMs },
  {
    name: 'card_decay_7d',
    ...card,
    aggregate: { type: 'decay', field: 'amount', halfLifeMs: dayMs },
    windowMs: 7 * dayMs,
  },
  { name: 'card_share_1d', ratio: ['card_sum_1d', 'card_sum_30d'] },
  { name: 'merchant_count_1d', ...merchant, aggregate: { type: 'count' }, windowMs: dayMs },
  { name: 'merchant_risk_1d', ...risk, windowMs: dayMs },
  { name: 'merchant_risk_30d', ...risk, windowMs: 30 * dayMs },
];

/** Payments and labels in their order, or each up to the lateness behind its place, always the same way. */
export async function readArrivals(shuffled: boolean): Promise<RiskArrival[]> {
  const events: RiskEvent[] = [];
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(file).pipe(createGunzip()) })) {
      const [id = '', text = '', customer = '', terminal = '', amount, fraud] = line.split(',');
      if (id === 'TRANSACTION_ID') continue;
      const time = Date.parse(`${text.replace(' ', 'T')}Z`);
      events.push({
        id,
        kind: 'payment',
        time,
        fields: { card: customer, merchant: terminal, amount: Number(amount) },
      });
      if (fraud === undefined) continue;
      const fields = { merchant: terminal, fraud: Number(fraud) };
      events.push({ id: `label ${id}`, kind: 'label', time: time + labelDelayMs, fields });
    }
  }
  const random = seededRandomness(7);
  const placed = events.map((event) => ({ event, at: event.time + (shuffled ? random.integer(latenessMs) : 0) }));
  placed.sort((a, b) => a.at - b.at);
  return placed.map(({ event }, position) => ({ event, position }));
}
