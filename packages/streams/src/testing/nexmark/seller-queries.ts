/** Queries 3 and 8: persons and what they sell. */
import { int64, json, topic } from '@millrace/client';
import { keyValueStore } from '../../operators/process.ts';
import { topology } from '../../topology/topology.ts';
import { type Auction, auctions, type Person, persons } from './events.ts';
import { ofRun } from './of-run.ts';
import type { NexmarkQuery } from './queries.ts';

type Seller = Pick<Person, 'name' | 'city' | 'state'>;
export type LocalItem = Seller & Pick<Auction, 'id'>;

const nearStates = new Set(['OR', 'ID', 'CA']);
const wantedCategory = 10;

const local = topic('nexmark.q3', { key: int64, value: json<LocalItem>() });

/**
 * Query 3: who sells in three states and one category, and which auctions. A person and what they sell find each other
 * whichever comes first, however long after; auctions wait for their seller.
 */
export const localItems: NexmarkQuery = {
  name: 'q3',
  inputs: ['person', 'auction'],
  results: 'records',
  output: local,
  build: ({ run }) => {
    const job = topology(ofRun('nexmark-q3', run));
    const known = keyValueStore({ name: 'sellers', key: int64, value: json<Seller>() });
    const waiting = keyValueStore({ name: 'waiting', key: int64, value: json<readonly number[]>() });
    const near = job
      .source(persons)
      .filter(({ state }) => nearStates.has(state))
      .map(({ name, city, state }) => ({ seller: { name, city, state }, auction: undefined }));
    const items = job
      .source(auctions)
      .filter(({ category }) => category === wantedCategory)
      .map(({ id, seller }) => ({ id, seller }))
      .keyBy('by-seller', ({ seller }) => seller, { key: int64, value: json() })
      .map(({ id }) => ({ seller: undefined, auction: id }));
    near
      .merge(items)
      .process<number, LocalItem>({
        name: 'local-items',
        stores: [known, waiting],
        key: int64,
        init: (context) => {
          const [sellers, auctionsOf] = [context.store(known), context.store(waiting)];
          return ({ seller, auction }, { key }) => {
            if (seller !== undefined) {
              sellers.put(key, seller);
              for (const id of auctionsOf.get(key) ?? []) context.forward(id, { ...seller, id });
              auctionsOf.delete(key);
              return;
            }
            const found = sellers.get(key);
            if (found === undefined) auctionsOf.put(key, [...(auctionsOf.get(key) ?? []), auction]);
            else context.forward(auction, { ...found, id: auction });
          };
        },
      })
      .to({ ...local, name: ofRun(local.name, run) });
    return job;
  },
};

export interface NewUser {
  readonly name: string;
  readonly start: number;
}

const windowMs = 10_000;
const users = topic('nexmark.q8', { key: int64, value: json<NewUser>() });

/** Query 8: who came and began to sell in the same window of 10 s. */
export const newUsers: NexmarkQuery = {
  name: 'q8',
  inputs: ['person', 'auction'],
  results: 'newest',
  output: users,
  build: ({ graceMs, run }) => {
    const job = topology(ofRun('nexmark-q8', run));
    const windowOf = (time: number): number => Math.floor(time / windowMs) * windowMs;
    const selling = job
      .source(auctions)
      .map(({ seller, dateTime }) => ({ seller, start: windowOf(dateTime) }))
      .keyBy('by-seller', ({ seller }) => seller, { key: int64, value: json() });
    job
      .source(persons)
      .map(({ name, dateTime }): NewUser => ({ name, start: windowOf(dateTime) }))
      .join(selling, {
        name: 'selling',
        within: windowMs,
        graceMs,
        value: json(),
        with: (user, { start }) => ({ user, start }),
      })
      .filter(({ user, start }) => user.start === start)
      .map(({ user }) => user)
      .reduce('new-users', (first) => first, { value: json(), emit: 'commit' })
      .to({ ...users, name: ofRun(users.name, run) });
    return job;
  },
};
