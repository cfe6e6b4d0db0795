/**
 * What a page is told as it changes: named values, each the latest of its kind. A subscriber first gets a snapshot of
 * all of them, then every change; one that reconnects with the id of the last event it saw gets only what changed
 * since.
 *
 * Invariants: revisions only grow. A subscriber that reads slowly skips values that were replaced meanwhile and never
 * the last one, so what is held for it does not grow with what happened. Ids of another process life are unknown here
 * and answered with a snapshot.
 *
 * With a feed, the stream also has the fleet's events, each once and in order. Their numbers are the same in every
 * process, so that a subscriber that comes back to another one goes on where it was. A snapshot says after which one
 * it goes on: where that is not the last one that was seen, too many were missed to tell them.
 */
import { randomUUID } from 'node:crypto';
import { implement, type Route, type ServerSentEvent } from '@millrace/api';
import { eventsContract, type FleetEvent, type HubEvent } from '@millrace/api/fleet';

interface Entry {
  readonly revision: number;
  readonly value: unknown;
}

/** The fleet's events, as a hub reads them. */
export interface Feed {
  /** Of the newest. */
  readonly head: number;
  /** Those after one, ascending, maybe not all; undefined when some of them are no longer kept. */
  after(seq: number): Promise<readonly FleetEvent[] | undefined>;
  subscribe(listener: () => void): () => void;
}

/** What a subscriber has seen. */
interface Seen {
  revision: number;
  seq: number;
}

export class EventHub {
  readonly #life = randomUUID().slice(0, 8);
  readonly #feed: Feed | undefined;
  readonly #values = new Map<string, Entry>();
  readonly #waiting = new Set<() => void>();
  #revision = 0;
  /** Grows whenever there is something new of either kind. */
  #news = 0;

  constructor(feed?: Feed) {
    this.#feed = feed;
    feed?.subscribe(() => this.#wake());
  }

  /** Replaces the value of a name and tells all subscribers; the value must not be changed afterwards. */
  set(name: string, value: unknown): void {
    this.#revision++;
    this.#values.set(name, { revision: this.#revision, value });
    this.#wake();
  }

  /** The route that serves the hub to pages. */
  get route(): Route {
    return implement(eventsContract, (request) => this.subscribe(request.header('last-event-id'), request.signal));
  }

  /** Events until the signal aborts. Rejects where the feed can not tell what was missed since the last one. */
  async subscribe(
    lastEventId: string | undefined,
    signal: AbortSignal,
  ): Promise<AsyncGenerator<ServerSentEvent<HubEvent>>> {
    const last = this.#parse(lastEventId);
    const missed = last.seq === undefined || (await this.#after(last.seq)) === undefined;
    const seen: Seen = {
      revision: last.revision ?? this.#revision,
      seq: missed || last.seq === undefined ? (this.#feed?.head ?? 0) : last.seq,
    };
    return this.#follow(seen, missed || last.revision === undefined, signal);
  }

  async *#follow(seen: Seen, isNew: boolean, signal: AbortSignal): AsyncGenerator<ServerSentEvent<HubEvent>> {
    if (isNew) yield this.#snapshot(seen);
    while (!signal.aborted) {
      const news = this.#news;
      const change = this.#nextAfter(seen.revision);
      if (change !== undefined) {
        const [name, { revision, value }] = change;
        seen.revision = revision;
        yield { id: this.#id(seen), event: 'change', data: { revision, name, value } };
        continue;
      }
      const events = await this.#after(seen.seq);
      if (events === undefined) {
        seen.seq = this.#feed?.head ?? 0;
        yield this.#snapshot(seen);
      }
      for (const event of events ?? []) {
        seen.seq = event.seq;
        yield { id: this.#id(seen), event: 'event', data: event };
      }
      if (events?.length === 0) await this.#newsAfter(news, signal);
    }
  }

  #snapshot(seen: Seen): ServerSentEvent<HubEvent> {
    seen.revision = this.#revision;
    const values = Object.fromEntries([...this.#values].map(([name, entry]) => [name, entry.value]));
    const data = { revision: seen.revision, values, ...(this.#feed !== undefined && { seq: seen.seq }) };
    return { id: this.#id(seen), event: 'snapshot', data };
  }

  async #after(seq: number): Promise<readonly FleetEvent[] | undefined> {
    return this.#feed === undefined ? [] : await this.#feed.after(seq);
  }

  #nextAfter(seen: number): [string, Entry] | undefined {
    let first: [string, Entry] | undefined;
    for (const candidate of this.#values) {
      if (candidate[1].revision > seen && (!first || candidate[1].revision < first[1].revision)) first = candidate;
    }
    return first;
  }

  #wake(): void {
    this.#news++;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #newsAfter(news: number, signal: AbortSignal): Promise<void> {
    if (this.#news !== news || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  #id({ revision, seq }: Seen): string {
    return this.#feed === undefined ? `${this.#life}-${revision}` : `${this.#life}-${revision}-${seq}`;
  }

  /** The revision is of this process's life; the number of the event of any. */
  #parse(id: string | undefined): { readonly revision: number | undefined; readonly seq: number | undefined } {
    const [, life, revision, seq] = /^([0-9a-f]{8})-(\d{1,15})(?:-(\d{1,15}))?$/.exec(id ?? '') ?? [];
    return {
      revision: life === this.#life ? Number(revision) : undefined,
      seq: this.#feed === undefined ? 0 : seq === undefined ? undefined : Number(seq),
    };
  }
}
