/** Queries 0 to 2: bid by bid. */
import { int64, json, topic } from '@millrace/client';
import { topology } from '../../topology/topology.ts';
import { type Bid, bids } from './events.ts';
import { ofRun } from './of-run.ts';
import type { NexmarkQuery } from './queries.ts';

const passed = topic('nexmark.q0', { key: int64, value: bids.value });

/** Query 0: all bids as they are. */
export const passThrough: NexmarkQuery = {
  name: 'q0',
  inputs: ['bid'],
  results: 'records',
  output: passed,
  build: ({ run }) => {
    const job = topology(ofRun('nexmark-q0', run));
    job.source(bids).to({ ...passed, name: ofRun(passed.name, run) });
    return job;
  },
};

const dollarsInEuros = 0.908;
const converted = topic('nexmark.q1', { key: int64, value: json<Omit<Bid, 'channel' | 'url'>>() });

/** Query 1: what bids are in euros. */
export const convertCurrency: NexmarkQuery = {
  name: 'q1',
  inputs: ['bid'],
  results: 'records',
  output: converted,
  build: ({ run }) => {
    const job = topology(ofRun('nexmark-q1', run));
    job
      .source(bids)
      .map(({ auction, bidder, price, dateTime, extra }) => {
        return { auction, bidder, price: dollarsInEuros * price, dateTime, extra };
      })
      .to({ ...converted, name: ofRun(converted.name, run) });
    return job;
  },
};

/** Of so many auctions the bids on one are selected. */
const selectedAmong = 123;
const selected = topic('nexmark.q2', { key: int64, value: json<Pick<Bid, 'auction' | 'price'>>() });

/** Query 2: prices of some auctions' bids. */
export const selectBids: NexmarkQuery = {
  name: 'q2',
  inputs: ['bid'],
  results: 'records',
  output: selected,
  build: ({ run }) => {
    const job = topology(ofRun('nexmark-q2', run));
    job
      .source(bids)
      .filter(({ auction }) => auction % selectedAmong === 0)
      .map(({ auction, price }) => ({ auction, price }))
      .to({ ...selected, name: ofRun(selected.name, run) });
    return job;
  },
};
