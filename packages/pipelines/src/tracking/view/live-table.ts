/**
 * Page views of the last two hours, minute by minute: of which pages, and by whom. By the events' own time, so that
 * what comes late counts where it belongs, and an old log that is imported does not look alive.
 *
 * Rows: minute, site, `page`, path: how often; minute, site, `visitor`, who.
 */
import type { OrderedStore, WriteBatch } from '@millrace/store';
import { keyParts, rowKey, timeOf } from './row-key.ts';
import { RowTable } from './row-table.ts';

export const minuteMs = 60_000;
/** How far back one can look. */
export const liveMinutesMax = 120;

export interface LiveRow {
  readonly minute: number;
  readonly site: string;
  readonly page?: string;
  readonly visitor?: string;
  readonly views: number;
}

export class LiveTable {
  readonly #rows: RowTable<Omit<LiveRow, 'minute'>>;
  #oldest = Number.NEGATIVE_INFINITY;

  constructor(store: OrderedStore) {
    this.#rows = new RowTable(store, 'live');
  }

  /** `now` in ms since 1970; events of other times are left alone. */
  add(
    view: { readonly site: string; readonly at: number; readonly page: string; readonly visitor: string | undefined },
    now: number,
  ): void {
    const { site, at, page, visitor } = view;
    if (at < now - liveMinutesMax * minuteMs || at > now + minuteMs) return;
    const minute = Math.floor(at / minuteMs) * minuteMs;
    const key = rowKey(minute, site, 'page', page);
    this.#rows.put(key, { site, page, views: (this.#rows.get(key)?.views ?? 0) + 1 });
    if (visitor === undefined) return;
    this.#rows.put(rowKey(minute, site, 'visitor', visitor), { site, visitor, views: 0 });
  }

  /** Rows on disk of minutes from one to before another. */
  *between(from: number, to: number): Generator<LiveRow> {
    for (const [key, row] of this.#rows.between(rowKey(from), rowKey(to))) {
      yield { minute: timeOf(keyParts(key)[0] ?? ''), ...row };
    }
  }

  commit(batch: WriteBatch, now: number): void {
    this.#rows.commit(batch);
    const oldest = Math.floor(now / minuteMs - liveMinutesMax) * minuteMs;
    if (oldest <= this.#oldest) return;
    this.#oldest = oldest;
    this.#rows.deleteBefore(batch, rowKey(oldest));
  }

  trim(): void {
    this.#rows.trim();
  }
}
