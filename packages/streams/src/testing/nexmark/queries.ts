/**
 * Queries 0 to 8 of Nexmark as topologies, each with the topic that its results go to.
 *
 * Results are what the queries' SQL answers over all input. Where SQL would take results back, a key's newest value
 * counts: averages by category (4) and seller (6), hot items (5) and highest bids (7) by window, new users (8).
 */
import type { Serde } from '@millrace/client';
import type { Topology } from '../../topology/topology.ts';
import { convertCurrency, passThrough, selectBids } from './bid-queries.ts';
import type { NexmarkEvent } from './events.ts';
import { localItems, newUsers } from './seller-queries.ts';
import { highestBids, hotItems } from './window-queries.ts';
import { averageByCategory, averageBySeller } from './winning-bid-queries.ts';

export interface QueryOptions {
  /** How long after its end a window, or after its time a record of a join, still counts, in ms. Default 0. */
  readonly graceMs?: number | undefined;
  /** The longest time that an auction is open, in ms: bids find their auction so far back. */
  readonly auctionMsMax: number;
  /** Part of the names of the job and of the topic of its results (`ofRun`), so that two runs do not meet. */
  readonly run?: string | undefined;
}

export interface NexmarkQuery {
  readonly name: string;
  /** Whose topics it reads. */
  readonly inputs: readonly NexmarkEvent['kind'][];
  readonly build: (options: QueryOptions) => Topology;
  readonly output: {
    readonly name: string;
    readonly key: Serde<number>;
    // biome-ignore lint/suspicious/noExplicitAny: each query has results of its own type
    readonly value: Serde<any>;
  };
  /** Whether each record is a result, or the newest of each key. */
  readonly results: 'records' | 'newest';
}

export const nexmarkQueries: readonly NexmarkQuery[] = [
  passThrough,
  convertCurrency,
  selectBids,
  localItems,
  averageByCategory,
  hotItems,
  averageBySeller,
  highestBids,
  newUsers,
];
