/** Nexmark: events by its rules, its queries as topologies, and what these must answer. */
export {
  type Auction,
  auctions,
  type Bid,
  bids,
  type NexmarkEvent,
  type Person,
  persons,
  recordOf,
} from './events.ts';
export { auctionMsMax, type NexmarkOptions, nexmarkEvents } from './generator.ts';
export { ofRun } from './of-run.ts';
export { type NexmarkQuery, nexmarkQueries, type QueryOptions } from './queries.ts';
export { type Result, recomputed, type SettledOptions } from './recomputed.ts';
export { sampleEvents } from './sample.ts';
