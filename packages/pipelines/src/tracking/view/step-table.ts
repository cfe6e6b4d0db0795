/**
 * What people did, for funnels, and on which days they were there, for retention.
 *
 * Rows of `steps`: site, actor, time, event; what happened. Rows of `days`: site, actor; days since 1970, ascending.
 */
import type { OrderedStore, WriteBatch } from '@millrace/store';
import type { TrackingEvent } from '../event.ts';
import { keyParts, rowKey, timeOf } from './row-key.ts';
import { RowTable } from './row-table.ts';

export const dayMs = 24 * 60 * 60 * 1_000;

/** What happened: the path of a page view, or an event's name. */
export interface Step {
  readonly kind: 'page' | 'event';
  readonly name: string;
}

interface StepRow {
  readonly actor: string;
  readonly page?: string;
  readonly event?: string;
}

export class StepTable {
  readonly #steps: RowTable<StepRow>;
  readonly #days: RowTable<{ readonly actor: string; readonly days: readonly number[] }>;

  constructor(store: OrderedStore) {
    this.#steps = new RowTable(store, 'steps');
    this.#days = new RowTable(store, 'days');
  }

  add(actor: string, event: TrackingEvent, page: string | undefined): void {
    const at = Date.parse(event.timestamp);
    const name = event.event ?? (event.type === 'page' || event.type === 'request' ? undefined : event.type);
    if (page !== undefined || name !== undefined) {
      this.#steps.put(rowKey(event.site, actor, at, event.messageId), {
        actor,
        ...(page !== undefined && { page }),
        ...(name !== undefined && { event: name }),
      });
    }
    const key = rowKey(event.site, actor);
    const day = Math.floor(at / dayMs);
    const days = this.#days.get(key)?.days ?? [];
    if (!days.includes(day)) this.#days.put(key, { actor, days: [...days, day].sort((left, right) => left - right) });
  }

  /** What the actors of a site did, of those on disk: actor by actor, and in the order of time for each. */
  *steps(site: string): Generator<{ readonly actor: string; readonly at: number; readonly steps: readonly Step[] }> {
    for (const [key, { actor, page, event }] of this.#steps.under([site])) {
      const [, , at = ''] = keyParts(key);
      const steps: Step[] = [];
      if (page !== undefined) steps.push({ kind: 'page', name: page });
      if (event !== undefined) steps.push({ kind: 'event', name: event });
      yield { actor, at: timeOf(at), steps };
    }
  }

  /** The days of the actors of a site, of those on disk. */
  *days(site: string): Generator<{ readonly actor: string; readonly days: readonly number[] }> {
    for (const [, row] of this.#days.under([site])) yield row;
  }

  commit(batch: WriteBatch): void {
    this.#steps.commit(batch);
    this.#days.commit(batch);
  }

  trim(): void {
    this.#steps.trim();
    this.#days.trim();
  }
}
