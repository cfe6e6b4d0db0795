/** Queries 4 and 6: averages of winning bids, the highest that came while their auction was open. */
import { float64, int64, json, topic } from '@millrace/client';
import type { Table } from '../../topology/table.ts';
import { type Topology, topology } from '../../topology/topology.ts';
import { auctions, bids } from './events.ts';
import { ofRun } from './of-run.ts';
import type { NexmarkQuery, QueryOptions } from './queries.ts';

interface WinningBid {
  readonly id: number;
  readonly category: number;
  readonly seller: number;
  readonly expires: number;
  readonly price: number;
}

const averages = topic('nexmark.q4', { key: int64, value: float64 });

/** Query 4: the average of winning bids, by category. */
export const averageByCategory: NexmarkQuery = {
  name: 'q4',
  inputs: ['auction', 'bid'],
  results: 'newest',
  output: averages,
  build: (options) => {
    const { run } = options;
    const job = topology(ofRun('nexmark-q4', run));
    winningBids(job, options)
      .keyBy('by-category', ({ category }) => category, { key: int64 })
      .aggregate('prices', {
        value: json<{ readonly sum: number; readonly count: number }>(),
        initial: () => ({ sum: 0, count: 0 }),
        add: ({ sum, count }, { price }) => ({ sum: sum + price, count: count + 1 }),
        subtract: ({ sum, count }, { price }) => ({ sum: sum - price, count: count - 1 }),
        emit: 'commit',
      })
      .map(({ sum, count }) => sum / count)
      .to({ ...averages, name: ofRun(averages.name, run) });
    return job;
  },
};

const lastOfSeller = 10;
const sellers = topic('nexmark.q6', { key: int64, value: float64 });

/** Query 6: the average of a seller's last ten winning bids, by the ends of their auctions. */
export const averageBySeller: NexmarkQuery = {
  name: 'q6',
  inputs: ['auction', 'bid'],
  results: 'newest',
  output: sellers,
  build: (options) => {
    const { run } = options;
    const job = topology(ofRun('nexmark-q6', run));
    winningBids(job, options)
      .keyBy('by-seller', ({ seller }) => seller, { key: int64 })
      .aggregate('last-ten', {
        value: json<readonly WinningBid[]>(),
        initial: () => [],
        // An auction's bid is taken out only where another comes in for it, so that no older one is missed.
        add: (last, bid) => [...last, bid].sort(byEnd).slice(-lastOfSeller),
        subtract: (last, { id }) => last.filter((bid) => bid.id !== id),
        emit: 'commit',
      })
      .map((last) => last.reduce((sum, { price }) => sum + price, 0) / last.length)
      .to({ ...sellers, name: ofRun(sellers.name, run) });
    return job;
  },
};

function winningBids(job: Topology, { auctionMsMax, graceMs }: QueryOptions): Table<number, WinningBid> {
  const open = job.source(auctions).map(({ id, category, seller, expires }) => ({ id, category, seller, expires }));
  const offers = job.source(bids).map(({ price, dateTime }) => ({ price, dateTime }));
  return open
    .join(offers, {
      name: 'offers',
      within: { beforeMs: 0, afterMs: auctionMsMax },
      graceMs,
      value: json(),
      otherValue: json(),
      with: (auction, { price, dateTime }) => ({ ...auction, price, dateTime }),
    })
    .filter(({ dateTime, expires }) => dateTime <= expires)
    .map(({ id, category, seller, expires, price }): WinningBid => ({ id, category, seller, expires, price }))
    .reduce('winning-bids', (left, right) => (right.price > left.price ? right : left), {
      value: json(),
      emit: 'commit',
    });
}

function byEnd(left: WinningBid, right: WinningBid): number {
  return left.expires - right.expires || left.id - right.id;
}
