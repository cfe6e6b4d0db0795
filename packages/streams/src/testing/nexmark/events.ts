/**
 * The events of Nexmark, an auction site, and the topics that they lie in: JSON under the id of the person, of the
 * auction, and of the auction that is bid on. Times are milliseconds since 1970 and are the records' timestamps too.
 *
 * Names of fields are those of Apache Beam's and Flink's Nexmark. Prices are whole cents.
 */
import { int64, json, topic } from '@millrace/client';

export interface Person {
  readonly id: number;
  readonly name: string;
  readonly emailAddress: string;
  readonly creditCard: string;
  readonly city: string;
  readonly state: string;
  readonly dateTime: number;
  readonly extra: string;
}

export interface Auction {
  readonly id: number;
  readonly itemName: string;
  readonly description: string;
  readonly initialBid: number;
  readonly reserve: number;
  readonly dateTime: number;
  readonly expires: number;
  readonly seller: number;
  readonly category: number;
  readonly extra: string;
}

export interface Bid {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly url: string;
  readonly dateTime: number;
  readonly extra: string;
}

export type NexmarkEvent =
  | { readonly kind: 'person'; readonly event: Person }
  | { readonly kind: 'auction'; readonly event: Auction }
  | { readonly kind: 'bid'; readonly event: Bid };

export const persons = topic('nexmark.persons', { key: int64, value: json<Person>() });
export const auctions = topic('nexmark.auctions', { key: int64, value: json<Auction>() });
export const bids = topic('nexmark.bids', { key: int64, value: json<Bid>() });

/** An event as the record that it is. */
export function recordOf({
  kind,
  event,
}: NexmarkEvent):
  | { readonly topic: typeof persons; readonly key: number; readonly value: Person; readonly timestamp: number }
  | { readonly topic: typeof auctions; readonly key: number; readonly value: Auction; readonly timestamp: number }
  | { readonly topic: typeof bids; readonly key: number; readonly value: Bid; readonly timestamp: number } {
  const timestamp = event.dateTime;
  if (kind === 'person') return { topic: persons, key: event.id, value: event, timestamp };
  if (kind === 'auction') return { topic: auctions, key: event.id, value: event, timestamp };
  return { topic: bids, key: event.auction, value: event, timestamp };
}
