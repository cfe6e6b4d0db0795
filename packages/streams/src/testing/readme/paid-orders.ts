import { json, text, topic } from '@millrace/client';
import { topology } from '../../index.ts';

const orders = topic('orders', { key: text, value: json<{ item: string }>() });
const payments = topic('payments', { key: text, value: json<{ amount: number }>() });
const paid = topic('paid', { key: text, value: json<{ item: string; amount: number | null }>() });

export const paidOrders = topology('paid-orders');
paidOrders
  .source(orders)
  .leftJoin(paidOrders.source(payments), {
    name: 'paid',
    within: { beforeMs: 0, afterMs: 600_000 },
    with: ({ item }, payment) => ({ item, amount: payment?.amount ?? null }),
  })
  .to(paid);
