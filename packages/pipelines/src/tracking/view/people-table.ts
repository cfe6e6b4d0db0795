/**
 * Who is one person: visitors are joined when they log in.
 *
 * - A browser's or device's anonymous id belongs to the user who was first seen with it, by the time of events. So a
 *   computer that two people share does not make one of them: what either does while logged in is their own.
 * - Users are one where an `alias` says so (`previousId` and `userId`); of their ids the least stands for them.
 *
 * Both are a least of a set, so that the same events lead to the same people, in whatever order they come. Nothing that
 * was kept under an id is read or written again when it is joined: who it belongs to is asked when figures are made,
 * and only counts of people move.
 *
 * Rows: `owners` by anonymous id; `users` by user, towards the one that stands for them; `seen`, on which sites an id
 * was; `people`, by the id that stands for a person, how many ids of theirs were on a site.
 */
import type { OrderedStore, WriteBatch } from '@millrace/store';
import type { TrackingEvent } from '../event.ts';
import { userKey } from '../event.ts';
import { textPart } from './row-key.ts';
import { RowTable } from './row-table.ts';

interface Owner {
  readonly at: number;
  readonly userId: string;
}

/** Of one id. Sites are named by whoever sends events, and somebody may name ever new ones. */
const sitesMost = 1_000;

type Ids = Readonly<Record<string, number>>;

/** How many people more a site has. */
export type PeopleChange = (site: string, change: 1 | -1) => void;

export class PeopleTable {
  readonly #owners: RowTable<Owner>;
  readonly #users: RowTable<string>;
  readonly #seen: RowTable<readonly string[]>;
  readonly #people: RowTable<Ids>;

  constructor(store: OrderedStore) {
    this.#owners = new RowTable(store, 'owners');
    this.#users = new RowTable(store, 'users');
    this.#seen = new RowTable(store, 'seen');
    this.#people = new RowTable(store, 'people');
  }

  /** Learns from an event who belongs together, and where they were. */
  add(event: TrackingEvent, onChange: PeopleChange): void {
    const { anonymousId, userId, previousId, type } = event;
    const at = Date.parse(event.timestamp);
    if (userId !== undefined && type === 'alias' && previousId !== undefined) {
      // It may be a user's id or an anonymous one; the other stands for nobody.
      this.#joinUsers(userId, previousId, onChange);
      this.#own(previousId, { at, userId }, onChange);
    }
    if (userId !== undefined && anonymousId !== undefined) {
      this.#own(anonymousId, { at, userId }, onChange);
    }
    const id = actorOf(event);
    if (id === undefined) return;
    const sites = this.#seen.get(textPart(id)) ?? [];
    if (sites.includes(event.site) || sites.length >= sitesMost) return;
    this.#seen.put(textPart(id), [...sites, event.site]);
    this.#count(this.personOf(id, 'changed'), event.site, 1, onChange);
  }

  /** Who an actor is: the user who stands for them, or the device itself of which nothing is known. */
  personOf(actor: string, state: 'changed' | 'committed' = 'committed'): string {
    if (isUser(actor)) return this.#standsFor(actor, state);
    const key = textPart(actor);
    const owner = state === 'changed' ? this.#owners.get(key) : this.#owners.committed(key);
    return owner === undefined ? actor : this.#standsFor(userKey(owner.userId), state);
  }

  commit(batch: WriteBatch): void {
    for (const table of this.#tables()) table.commit(batch);
  }

  trim(): void {
    for (const table of this.#tables()) table.trim();
  }

  #own(anonymousId: string, owner: Owner, onChange: PeopleChange): void {
    const device = deviceKey(anonymousId);
    const key = textPart(device);
    const known = this.#owners.get(key);
    if (known !== undefined && isBefore(known, owner)) return;
    const before = this.personOf(device, 'changed');
    this.#owners.put(key, owner);
    const after = this.personOf(device, 'changed');
    if (before === after) return;
    for (const site of this.#seen.get(key) ?? []) {
      this.#count(before, site, -1, onChange);
      this.#count(after, site, 1, onChange);
    }
  }

  #joinUsers(left: string, right: string, onChange: PeopleChange): void {
    const one = this.#standsFor(userKey(left), 'changed');
    const two = this.#standsFor(userKey(right), 'changed');
    if (one === two) return;
    const [least, other] = one < two ? [one, two] : [two, one];
    this.#users.put(textPart(other), least);
    for (const [site, ids] of Object.entries(this.#people.get(textPart(other)) ?? {})) {
      this.#count(other, site, -ids, onChange);
      this.#count(least, site, ids, onChange);
    }
  }

  #standsFor(user: string, state: 'changed' | 'committed'): string {
    const steps: string[] = [];
    let found = user;
    for (;;) {
      const key = textPart(found);
      const next = state === 'changed' ? this.#users.get(key) : this.#users.committed(key);
      if (next === undefined) break;
      steps.push(found);
      found = next;
    }
    // Shortens the way for the next time.
    if (state === 'changed') for (const step of steps.slice(0, -1)) this.#users.put(textPart(step), found);
    return found;
  }

  #count(person: string, site: string, ids: number, onChange: PeopleChange): void {
    const key = textPart(person);
    const row = this.#people.get(key) ?? {};
    const before = row[site] ?? 0;
    const after = before + ids;
    const { [site]: _, ...others } = row;
    this.#people.put(key, after === 0 ? others : { ...others, [site]: after });
    if (before === 0 && after > 0) onChange(site, 1);
    if (before > 0 && after === 0) onChange(site, -1);
  }

  #tables(): readonly RowTable<unknown>[] {
    return [this.#owners, this.#users, this.#seen, this.#people] as never;
  }
}

/** Under which id an event counts for a person: the user who is logged in, else the visitor. */
export function actorOf({ userId, anonymousId }: TrackingEvent): string | undefined {
  if (userId !== undefined) return userKey(userId);
  return anonymousId === undefined ? undefined : deviceKey(anonymousId);
}

/** An anonymous id among actors. */
export function deviceKey(anonymousId: string): string {
  return `device:${anonymousId}`;
}

function isUser(actor: string): boolean {
  return actor.startsWith('user:');
}

function isBefore(left: Owner, right: Owner): boolean {
  return left.at !== right.at ? left.at < right.at : left.userId <= right.userId;
}
