/**
 * What the queries must answer: recomputed from arrays of all events, without any of the code that streams are made of.
 *
 * Events are given in the order in which they come to one task. What comes too late is left out as the queries' windows
 * and joins leave it out: time is the largest that the task has seen of the topics which the query reads.
 */
import type { Auction, Bid, NexmarkEvent, Person } from './events.ts';

export interface Result {
  readonly key: number;
  readonly value: unknown;
}

export interface SettledOptions {
  readonly graceMs: number;
  readonly auctionMsMax: number;
}

type Query = (events: readonly NexmarkEvent[], options: SettledOptions) => Result[];

/** Of queries whose newest results count, one for each key. In no particular order. */
export const recomputed: { readonly [name: string]: Query } = {
  q0: (events) => bidsOf(events).map((bid) => ({ key: bid.auction, value: bid })),

  q1: (events) =>
    bidsOf(events).map(({ auction, bidder, price, dateTime, extra }) => {
      return { key: auction, value: { auction, bidder, price: 0.908 * price, dateTime, extra } };
    }),

  q2: (events) =>
    bidsOf(events)
      .filter(({ auction }) => auction % 123 === 0)
      .map(({ auction, price }) => ({ key: auction, value: { auction, price } })),

  q3: (events) => {
    const sellers = new Map(personsOf(events).map((person) => [person.id, person]));
    return auctionsOf(events).flatMap(({ id, seller, category }) => {
      const found = sellers.get(seller);
      if (category !== 10 || found === undefined || !['OR', 'ID', 'CA'].includes(found.state)) return [];
      return [{ key: id, value: { name: found.name, city: found.city, state: found.state, id } }];
    });
  },

  q4: (events, options) => {
    const byCategory = Map.groupBy(winners(events, options), ({ category }) => category);
    return [...byCategory].map(([key, won]) => ({ key, value: average(won.map(({ price }) => price)) }));
  },

  q5: (events, { graceMs }) => {
    const inTime = timed(events, ['bid']);
    const counts = new Map<number, Map<number, number>>();
    const end = inTime.at(-1)?.seen ?? 0;
    for (const { event, seen } of inTime) {
      const { auction, dateTime } = event as Bid;
      const last = Math.floor(dateTime / 5000) * 5000;
      for (const start of [last - 5000, last]) {
        if (start < 0 || seen >= start + 10_000 + graceMs || end < start + 10_000 + graceMs) continue;
        const window = counts.get(start) ?? new Map<number, number>();
        counts.set(start, window.set(auction, (window.get(auction) ?? 0) + 1));
      }
    }
    return [...counts].map(([key, window]) => {
      const count = Math.max(...window.values());
      const auctions = [...window].filter(([, each]) => each === count).map(([auction]) => auction);
      return { key, value: { auctions: auctions.sort((left, right) => left - right), count } };
    });
  },

  q6: (events, options) => {
    const bySeller = Map.groupBy(winners(events, options), ({ seller }) => seller);
    return [...bySeller].map(([key, won]) => {
      won.sort((left, right) => left.expires - right.expires || left.id - right.id);
      return { key, value: average(won.slice(-10).map(({ price }) => price)) };
    });
  },

  q7: (events, { graceMs }) => {
    const inTime = timed(events, ['bid']);
    const end = inTime.at(-1)?.seen ?? 0;
    const closing = inTime.flatMap(({ event, seen }) => {
      const { auction, bidder, price, dateTime, extra } = event as Bid;
      const start = Math.floor(dateTime / 10_000) * 10_000;
      const closesAt = start + 10_000 + graceMs;
      return seen >= closesAt || end < closesAt ? [] : [{ auction, bidder, price, dateTime, extra, start }];
    });
    return [...Map.groupBy(closing, ({ start }) => start)].map(([key, bids]) => {
      bids.sort(
        (left, right) =>
          right.price - left.price ||
          left.dateTime - right.dateTime ||
          left.auction - right.auction ||
          left.bidder - right.bidder,
      );
      return { key, value: bids[0] };
    });
  },

  q8: (events, { graceMs }) => {
    const inTime = timed(events, ['person', 'auction']).filter(
      ({ event, seen }) => event.dateTime + 10_000 + graceMs >= seen,
    );
    const windowOf = (time: number): number => Math.floor(time / 10_000) * 10_000;
    const selling = new Set<string>();
    for (const { kind, event } of inTime) {
      if (kind === 'auction') selling.add(`${event.seller} ${windowOf(event.dateTime)}`);
    }
    return inTime.flatMap(({ kind, event }) => {
      if (kind !== 'person' || !selling.has(`${event.id} ${windowOf(event.dateTime)}`)) return [];
      return [{ key: event.id, value: { name: event.name, start: windowOf(event.dateTime) } }];
    });
  },
};

/** The highest bid of each auction among those that came while it was open. */
function winners(
  events: readonly NexmarkEvent[],
  { auctionMsMax, graceMs }: SettledOptions,
): (Auction & { readonly price: number })[] {
  const inTime = timed(events, ['auction', 'bid']).filter(({ kind, event, seen }) => {
    return event.dateTime + (kind === 'auction' ? auctionMsMax : 0) + graceMs >= seen;
  });
  const offers = Map.groupBy(
    inTime.flatMap(({ kind, event }) => (kind === 'bid' ? [event] : [])),
    ({ auction }) => auction,
  );
  return inTime.flatMap(({ kind, event }) => {
    if (kind !== 'auction') return [];
    const prices = (offers.get(event.id) ?? [])
      .filter(({ dateTime }) => dateTime >= event.dateTime && dateTime <= event.expires)
      .map(({ price }) => price);
    return prices.length === 0 ? [] : [{ ...event, price: Math.max(...prices) }];
  });
}

type Timed = NexmarkEvent & { readonly seen: number };

/** Events of some kinds, each with the largest time that was seen when it came, its own included. */
function timed(events: readonly NexmarkEvent[], kinds: readonly NexmarkEvent['kind'][]): Timed[] {
  let seen = 0;
  return events
    .filter(({ kind }) => kinds.includes(kind))
    .map((each) => {
      seen = Math.max(seen, each.event.dateTime);
      return { ...each, seen };
    });
}

function personsOf(events: readonly NexmarkEvent[]): Person[] {
  return events.flatMap(({ kind, event }) => (kind === 'person' ? [event] : []));
}

function auctionsOf(events: readonly NexmarkEvent[]): Auction[] {
  return events.flatMap(({ kind, event }) => (kind === 'auction' ? [event] : []));
}

function bidsOf(events: readonly NexmarkEvent[]): Bid[] {
  return events.flatMap(({ kind, event }) => (kind === 'bid' ? [event] : []));
}

function average(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}
