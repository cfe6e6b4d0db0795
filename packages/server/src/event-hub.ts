/**
 * What a page is told as it changes: named values, each the latest of its kind. A subscriber first gets a snapshot of
 * all of them, then every change; one that reconnects with the id of the last event it saw gets only what changed
 * since.
 *
 * Invariants: revisions only grow. A subscriber that reads slowly skips values that were replaced meanwhile and never
 * the last one, so what is held for it does not grow with what happened. Ids of another process life are unknown here
 * and answered with a snapshot.
 */
import { randomUUID } from 'node:crypto';
import { defineContract, implement, type Route, type ServerSentEvent } from '@millrace/api';
import { type Static, Type } from 'typebox';

const revision = Type.Integer();

export const HubEvent = Type.Union([
  Type.Object({ revision, values: Type.Record(Type.String(), Type.Unknown()) }, { title: 'snapshot' }),
  Type.Object({ revision, name: Type.String(), value: Type.Unknown() }, { title: 'change' }),
]);
export type HubEvent = Static<typeof HubEvent>;

export const eventsContract = defineContract({
  method: 'GET',
  path: '/api/v1/events',
  summary: 'Everything that changes, as server-sent events: a snapshot, then changes',
  description:
    'Event `snapshot` carries all values at a revision, event `change` one new value. Send the id of the last event ' +
    'as `Last-Event-ID` to get only what changed since. A comment line every 15 s shows that the stream is alive.',
  kind: 'event-stream',
  response: HubEvent,
});

interface Entry {
  readonly revision: number;
  readonly value: unknown;
}

export class EventHub {
  readonly #life = randomUUID().slice(0, 8);
  readonly #values = new Map<string, Entry>();
  readonly #waiting = new Set<() => void>();
  #revision = 0;

  /** Replaces the value of a name and tells all subscribers; the value must not be changed afterwards. */
  set(name: string, value: unknown): void {
    this.#revision++;
    this.#values.set(name, { revision: this.#revision, value });
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** The route that serves the hub to pages. */
  get route(): Route {
    return implement(eventsContract, (request) => this.subscribe(request.header('last-event-id'), request.signal));
  }

  /** Events until the signal aborts. */
  async *subscribe(lastEventId: string | undefined, signal: AbortSignal): AsyncGenerator<ServerSentEvent<HubEvent>> {
    let seen = this.#revisionOf(lastEventId);
    if (seen === undefined) {
      seen = this.#revision;
      const values = Object.fromEntries([...this.#values].map(([name, entry]) => [name, entry.value]));
      yield { id: this.#id(seen), event: 'snapshot', data: { revision: seen, values } };
    }
    while (!signal.aborted) {
      const next = this.#nextAfter(seen);
      if (next === undefined) {
        await this.#changed(signal);
        continue;
      }
      const [name, { revision, value }] = next;
      seen = revision;
      yield { id: this.#id(revision), event: 'change', data: { revision, name, value } };
    }
  }

  #nextAfter(seen: number): [string, Entry] | undefined {
    let first: [string, Entry] | undefined;
    for (const candidate of this.#values) {
      if (candidate[1].revision > seen && (!first || candidate[1].revision < first[1].revision)) first = candidate;
    }
    return first;
  }

  #changed(signal: AbortSignal): Promise<void> {
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

  #id(revision: number): string {
    return `${this.#life}-${revision}`;
  }

  #revisionOf(id: string | undefined): number | undefined {
    const [life, revision] = (id ?? '').split('-');
    return life === this.#life && /^\d+$/.test(revision ?? '') ? Number(revision) : undefined;
  }
}
