/**
 * Nexmark's events by its published rules: the generators of Apache Beam and of Nexmark for Flink, whose constants
 * these are. The same options always give the same events; random numbers are our own, so that the events are not
 * those of another generator.
 *
 * - Of 50 events the first is a person, the next 3 are auctions, and 46 are bids. Ids count up from 1000.
 * - Event time moves with the number of the event, at `eventsPerSecond`.
 * - Every other bid is for the hot auction: the first of the last hundred. Three of four bids are by the hot bidder,
 *   the second of the last hundred persons, three of four auctions are by the hot seller, the first of these. All
 *   others are drawn from what is in flight, and a few of them (`idLead`) are yet to come.
 * - Prices are spread evenly over six powers of ten.
 * - An auction is open for about as long as it takes until a hundred more have come.
 */
import { type Randomness, seededRandomness } from '@millrace/base';
import type { Auction, Bid, NexmarkEvent, Person } from './events.ts';
import { exactText, extraText, wordText } from './texts.ts';

export interface NexmarkOptions {
  readonly seed: number;
  readonly count: number;
  /** Default 10,000, as Nexmark's. */
  readonly eventsPerSecond?: number | undefined;
  /** Time of the first event. Default 2015-07-15T00:00:00Z, as Beam's. */
  readonly baseTime?: number | undefined;
  /** So many events, one group after the other, come in an order of their own. Default 1: all are in order. */
  readonly outOfOrderGroupSize?: number | undefined;
  /** How many of the events come late (0 to 1), and by how much at most, in ms. Default: none; Beam's are 0.1, 3000. */
  readonly delayed?: { readonly probability: number; readonly maxMs: number } | undefined;
}

const personShare = 1;
const auctionShare = 3;
const totalShare = 50;

const firstId = 1000;
const firstCategory = 10;
const categoryCount = 5;

const hotAuctionRatio = 2;
const hotSellersRatio = 4;
const hotBiddersRatio = 4;
/** One of so many auctions, or persons, is hot. */
const hotAmong = 100;

const auctionsInFlight = 100;
const activePeople = 1000;
const idLead = 10;

const personBytes = 200;
const auctionBytes = 500;
const bidBytes = 100;

const defaultRate = 10_000;
const defaultBaseTime = Date.UTC(2015, 6, 15);

const states = ['AZ', 'CA', 'ID', 'OR', 'WA', 'WY'];
const cities = [
  'Phoenix',
  'Los Angeles',
  'San Francisco',
  'Boise',
  'Portland',
  'Bend',
  'Redmond',
  'Seattle',
  'Kent',
  'Cheyenne',
];
const firstNames = ['Peter', 'Paul', 'Luke', 'John', 'Saul', 'Vicky', 'Kate', 'Julie', 'Sarah', 'Deiter', 'Walter'];
const lastNames = ['Shultz', 'Abrams', 'Spencer', 'White', 'Bartels', 'Walton', 'Smith', 'Jones', 'Noris'];
const hotChannels = ['Google', 'Facebook', 'Baidu', 'Apple'];
const channelCount = 10_000;

/** The longest time that an auction of these options is open, in ms. */
export function auctionMsMax({ eventsPerSecond = defaultRate }: Pick<NexmarkOptions, 'eventsPerSecond'>): number {
  return 2 * Math.ceil((eventsInFlight() * 1000) / eventsPerSecond) + 1;
}

/** The events in the order in which they come. */
export function* nexmarkEvents(options: NexmarkOptions): IterableIterator<NexmarkEvent> {
  const { delayed } = options;
  if (delayed === undefined) return yield* eventsInTurn(options);
  // Those that come late wait among those that come behind them.
  const randomness = seededRandomness(options.seed + 1);
  const waiting: { readonly at: number; readonly event: NexmarkEvent }[] = [];
  for (const event of eventsInTurn(options)) {
    const now = event.event.dateTime;
    for (let next = waiting[0]; next !== undefined && next.at <= now; next = waiting[0]) {
      yield next.event;
      waiting.shift();
    }
    if (randomness.float() >= delayed.probability) {
      yield event;
      continue;
    }
    const at = now + 1 + randomness.integer(delayed.maxMs);
    let place = waiting.length;
    while (place > 0 && (waiting[place - 1] as { at: number }).at > at) place--;
    waiting.splice(place, 0, { at, event });
  }
  for (const { event } of waiting) yield event;
}

function* eventsInTurn(options: NexmarkOptions): IterableIterator<NexmarkEvent> {
  const { seed, count, eventsPerSecond = defaultRate, baseTime = defaultBaseTime, outOfOrderGroupSize = 1 } = options;
  const randomness = seededRandomness(seed);
  const channelUrls = Array.from({ length: channelCount }, (_, index) => channelUrl(randomness, index));
  const hotUrls = hotChannels.map(() => baseUrl(randomness));
  const timeOf = (number: number): number => baseTime + Math.floor((number * 1000) / eventsPerSecond);
  for (let turn = 0; turn < count; turn++) {
    const group = Math.floor(turn / outOfOrderGroupSize) * outOfOrderGroupSize;
    const number = group + ((turn * 953) % outOfOrderGroupSize);
    const time = timeOf(number);
    const place = number % totalShare;
    if (place < personShare) yield { kind: 'person', event: nextPerson(randomness, number, time) };
    else if (place < personShare + auctionShare) {
      const horizonMs = timeOf(number + eventsInFlight()) - time;
      yield { kind: 'auction', event: nextAuction(randomness, number, time, horizonMs) };
    } else {
      const channel = randomness.integer(2) > 0 ? randomness.integer(hotChannels.length) : -1;
      const ordinary = randomness.integer(channelCount);
      const named =
        channel >= 0
          ? { channel: hotChannels[channel] as string, url: hotUrls[channel] as string }
          : { channel: `channel-${ordinary}`, url: channelUrls[ordinary] as string };
      yield { kind: 'bid', event: nextBid(randomness, number, time, named) };
    }
  }
}

/** How many events it takes until so many auctions have come as are in flight. */
function eventsInFlight(): number {
  return Math.floor((auctionsInFlight * totalShare) / auctionShare);
}

function nextPerson(randomness: Randomness, number: number, dateTime: number): Person {
  const name = `${pick(randomness, firstNames)} ${pick(randomness, lastNames)}`;
  const emailAddress = `${wordText(randomness, 7)}@${wordText(randomness, 5)}.com`;
  const creditCard = Array.from({ length: 4 }, () => `${randomness.integer(10_000)}`.padStart(4, '0')).join(' ');
  const city = pick(randomness, cities);
  const state = pick(randomness, states);
  const bytes = 8 + name.length + emailAddress.length + creditCard.length + city.length + state.length;
  const extra = extraText(randomness, personBytes - bytes);
  return { id: firstId + lastPerson(number), name, emailAddress, creditCard, city, state, dateTime, extra };
}

function nextAuction(randomness: Randomness, number: number, dateTime: number, horizonMs: number): Auction {
  const isHot = randomness.integer(hotSellersRatio) > 0;
  const seller = firstId + (isHot ? hotOf(lastPerson(number)) : anyPerson(randomness, number));
  const category = firstCategory + randomness.integer(categoryCount);
  const initialBid = nextPrice(randomness);
  const reserve = initialBid + nextPrice(randomness);
  const expires = dateTime + 1 + randomness.integer(Math.max(2 * horizonMs, 1));
  const itemName = wordText(randomness, 20);
  const description = wordText(randomness, 100);
  const extra = extraText(randomness, auctionBytes - 48 - itemName.length - description.length);
  const id = firstId + lastAuction(number);
  return { id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra };
}

function nextBid(
  randomness: Randomness,
  number: number,
  dateTime: number,
  { channel, url }: { readonly channel: string; readonly url: string },
): Bid {
  const isHotAuction = randomness.integer(hotAuctionRatio) > 0;
  const auction = firstId + (isHotAuction ? hotOf(lastAuction(number)) : anyAuction(randomness, number));
  const isHotBidder = randomness.integer(hotBiddersRatio) > 0;
  const bidder = firstId + (isHotBidder ? hotOf(lastPerson(number)) + 1 : anyPerson(randomness, number));
  const price = nextPrice(randomness);
  const extra = extraText(randomness, bidBytes - 32);
  return { auction, bidder, price, channel, url, dateTime, extra };
}

/** The newest person when this event comes, counted from 0; itself where it is one. */
function lastPerson(number: number): number {
  return Math.floor(number / totalShare) * personShare + Math.min(number % totalShare, personShare - 1);
}

/** Likewise of auctions; -1 before the first. */
function lastAuction(number: number): number {
  const round = Math.floor(number / totalShare);
  const place = number % totalShare;
  if (place < personShare) return round * auctionShare - 1;
  return round * auctionShare + Math.min(place - personShare, auctionShare - 1);
}

function hotOf(last: number): number {
  return Math.floor(last / hotAmong) * hotAmong;
}

function anyPerson(randomness: Randomness, number: number): number {
  const known = lastPerson(number) + 1;
  const active = Math.min(known, activePeople);
  return known - active + randomness.integer(active + idLead);
}

function anyAuction(randomness: Randomness, number: number): number {
  const last = lastAuction(number);
  const first = Math.max(last - auctionsInFlight, 0);
  return first + randomness.integer(last - first + 1 + idLead);
}

function nextPrice(randomness: Randomness): number {
  return Math.round(10 ** (randomness.float() * 6) * 100);
}

function pick(randomness: Randomness, from: readonly string[]): string {
  return from[randomness.integer(from.length)] as string;
}

function baseUrl(randomness: Randomness): string {
  const folders = Array.from({ length: 3 }, () => exactText(randomness, 3 + randomness.integer(2), '_'));
  return `https://www.nexmark.com/${folders.join('/')}/item.htm?query=1`;
}

/** Most have the channel's id in them. */
function channelUrl(randomness: Randomness, index: number): string {
  const url = baseUrl(randomness);
  return randomness.integer(10) > 0 ? `${url}&channel_id=${(index * 2_654_435_761) % 2 ** 31}` : url;
}
