/**
 * Looks at the catalog while changes stream, so that tables that are made, changed or dropped are known without a
 * restart. Tables are taken into the publication first; then a look is marked in the log, in the transaction that
 * looks: what came before the mark is older. A look that finds nothing new leaves no mark.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { ensurePublications, type PublicationNames } from '../replication/publications.ts';
import { describeTables, type WantedTables } from './describe-tables.ts';
import { currentSnapshot, unseenBy, writeMark } from './marks.ts';
import type { TableDescription } from './table-description.ts';

export interface CatalogLook {
  readonly tables: readonly TableDescription[];
  /** Which transactions it did not see. */
  readonly unseen: (xid: number) => boolean;
}

export interface WatchParts {
  /** Its own: what is asked there waits for locks. */
  readonly session: Client;
  readonly capture: string;
  readonly publications: PublicationNames;
  readonly wanted: WantedTables;
  readonly signal: AbortSignal;
}

export class CatalogWatch {
  readonly #parts: WatchParts;
  readonly #looks = new Map<string, CatalogLook>();
  readonly #run = Math.random().toString(36).slice(2);
  #seen: string | undefined;
  #count = 0;
  #failure: unknown;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Looks again and again, so long after each look. */
  begin(everyMs: number): void {
    const { signal } = this.#parts;
    const work = async (): Promise<void> => {
      while (!signal.aborted) {
        await this.look();
        await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      }
    };
    work().catch((error: unknown) => {
      this.#failure ??= error;
    });
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** What was seen where a mark stands; undefined of marks of earlier tries. */
  take(look: string): CatalogLook | undefined {
    const found = this.#looks.get(look);
    this.#looks.delete(look);
    return found;
  }

  async look(): Promise<void> {
    const { session, capture, wanted, publications } = this.#parts;
    const before = await describeTables(session, wanted);
    if (JSON.stringify(before) === this.#seen) return;
    const published = await ensurePublications(session, publications, before);
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    try {
      const { rows } = await session.query<{ snapshot: string }>(currentSnapshot);
      const tables = await describeTables(session, wanted);
      const look = `${this.#run}-${this.#count++}`;
      // Those that could not be taken into the publication yet are left for the next look.
      const there = tables.filter(({ oid }) => published.has(oid));
      this.#looks.set(look, { tables: there, unseen: unseenBy(rows[0]?.snapshot ?? '0:0:') });
      await writeMark(session, capture, { kind: 'catalog', look });
      await session.query('COMMIT');
      this.#seen = there.length === tables.length ? JSON.stringify(tables) : undefined;
    } catch (error) {
      await session.query('ROLLBACK');
      throw error;
    }
  }
}
