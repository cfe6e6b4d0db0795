/**
 * Queries 5 and 7: of all auctions in a window the best. Each partition first settles what its own auctions have, and
 * sends that on when the window closes; what is left for one partition to compare is little.
 */
import { int64, json, topic } from '@millrace/client';
import { topology } from '../../topology/topology.ts';
import { hopping, tumbling } from '../../topology/windows.ts';
import { type Bid, bids } from './events.ts';
import { ofRun } from './of-run.ts';
import type { NexmarkQuery } from './queries.ts';

const windowMs = 10_000;
const slideMs = 5_000;

interface AuctionCount {
  readonly auction: number;
  readonly start: number;
  readonly count: number;
}

export interface HotItems {
  /** Ascending. */
  readonly auctions: readonly number[];
  readonly count: number;
}

const hot = topic('nexmark.q5', { key: int64, value: json<HotItems>() });

/** Query 5: the auctions with most bids, by the start of windows of 10 s that begin every 5 s. */
export const hotItems: NexmarkQuery = {
  name: 'q5',
  inputs: ['bid'],
  results: 'newest',
  output: hot,
  build: ({ graceMs, run }) => {
    const job = topology(ofRun('nexmark-q5', run));
    job
      .source(bids)
      .windowedBy(hopping({ sizeMs: windowMs, advanceMs: slideMs, graceMs }), { emit: 'close' })
      .count('bids-by-auction')
      .map((count, { key }): AuctionCount => ({ auction: key.key, start: key.start, count }))
      .keyBy('by-window', ({ start }) => start, { key: int64, value: json() })
      .aggregate('hot-items', {
        value: hot.value,
        initial: (): HotItems => ({ auctions: [], count: 0 }),
        add: (items, { auction, count }) => {
          if (count < items.count || items.auctions.includes(auction)) return items;
          const auctions = count > items.count ? [auction] : [...items.auctions, auction].sort((a, b) => a - b);
          return { auctions, count };
        },
        emit: 'commit',
      })
      .to({ ...hot, name: ofRun(hot.name, run) });
    return job;
  },
};

export type HighestBid = Omit<Bid, 'channel' | 'url'>;
type WindowedBid = HighestBid & { readonly start: number };

const highest = topic('nexmark.q7', { key: int64, value: json<WindowedBid>() });

/** Query 7: the highest bid, by the start of windows of 10 s; of equal ones the first by time, auction and bidder. */
export const highestBids: NexmarkQuery = {
  name: 'q7',
  inputs: ['bid'],
  results: 'newest',
  output: highest,
  build: ({ graceMs, run }) => {
    const job = topology(ofRun('nexmark-q7', run));
    job
      .source(bids)
      .map(({ auction, bidder, price, dateTime, extra }) => ({ auction, bidder, price, dateTime, extra }))
      .windowedBy(tumbling({ sizeMs: windowMs, graceMs }), { emit: 'close' })
      .reduce('highest-by-auction', higher, { value: json() })
      .map((bid, { key }): WindowedBid => ({ ...bid, start: key.start }))
      .keyBy('by-window', ({ start }) => start, { key: int64, value: json() })
      .reduce('highest', higher, { emit: 'commit' })
      .to({ ...highest, name: ofRun(highest.name, run) });
    return job;
  },
};

function higher<B extends HighestBid>(left: B, right: B): B {
  const order =
    right.price - left.price ||
    left.dateTime - right.dateTime ||
    left.auction - right.auction ||
    left.bidder - right.bidder;
  return order > 0 ? right : left;
}
