/** What queries read: topics of persons, auctions and bids, filled once before anything is measured. */
import { createClient, unwrap } from '@millrace/client';
import {
  auctionMsMax,
  auctions,
  type Bid,
  bids,
  type NexmarkEvent,
  type NexmarkOptions,
  nexmarkEvents,
  persons,
  recordOf,
} from '@millrace/streams/testing/nexmark';

export const partitions = 4;

export interface Workload {
  readonly options: NexmarkOptions;
  readonly auctionMsMax: number;
  /** Records in each topic, 0 where there is none. */
  readonly counts: Record<NexmarkEvent['kind'], number>;
  /** Time of the last event. */
  readonly endTime: number;
  /** How far behind that bids were put by now, which close its windows. */
  hoursBehind: number;
}

export const topicOf = { person: persons.name, auction: auctions.name, bid: bids.name } as const;

/** Creates the topics of some kinds of events, and fills them with those among `count` events. */
export async function fill(
  bootstrap: string,
  kinds: readonly NexmarkEvent['kind'][],
  count: number,
): Promise<Workload> {
  const options: NexmarkOptions = { seed: 1, count };
  await using client = createClient({ bootstrap });
  unwrap(await client.admin().createTopics(kinds.map((kind) => ({ topic: topicOf[kind], partitions }))));
  const producer = client.producer({ batchBytesMax: 256 * 1024, lingerMs: 20 });
  const counts = { person: 0, auction: 0, bid: 0 };
  let endTime = 0;
  for (const event of nexmarkEvents(options)) {
    if (!kinds.includes(event.kind)) continue;
    counts[event.kind]++;
    endTime = event.event.dateTime;
    if (!producer.write(recordOf(event) as never)) await producer.ready();
  }
  await producer.flush();
  await producer.close();
  return { options, auctionMsMax: auctionMsMax(options), counts, endTime, hoursBehind: 0 };
}

/** A bid so many hours behind the last event, on no auction: windows of all events are closed by then. */
export function bidBehind(endTime: number, hours: number): Bid {
  const dateTime = endTime + hours * 3_600_000;
  return { auction: 1, bidder: 1, price: 1, channel: '', url: '', dateTime, extra: '' };
}

/** Puts such bids behind all that each partition has. */
export async function fillBehind(bootstrap: string, workload: Workload): Promise<void> {
  await using client = createClient({ bootstrap });
  const producer = client.producer();
  workload.hoursBehind++;
  const value = bidBehind(workload.endTime, workload.hoursBehind);
  for (let partition = 0; partition < partitions; partition++) {
    producer.write({ topic: bids, partition, key: value.auction, value, timestamp: value.dateTime });
  }
  await producer.flush();
  await producer.close();
  workload.counts.bid += partitions;
}
