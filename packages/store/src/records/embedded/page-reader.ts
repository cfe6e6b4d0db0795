/**
 * Pages of records: of a set in the order of keys, or of what an index finds. A page ends when it is full or has held
 * the event loop long enough, and its cursor is where the next one begins; so no page is too long for others.
 */
import type { Clock, Timers } from '@millrace/base';
import type { Entry } from '../../ordered/ordered-store.ts';
import { decodeRecord } from '../record-codec.ts';
import { decodeUserKey } from '../record-key.ts';
import type { FoundRecord, Page, QueryOptions, ScanOptions } from '../record-store.ts';
import { foundRecord, isLive } from './found-record.ts';
import type { RecordSet } from './record-set.ts';
import type { SecondaryIndex } from './secondary-index.ts';

const PAGE_RECORDS = 1_000;
const PAGE_MS_MAX = 5;
/** The clock is asked once in so many entries. */
const ENTRIES_A_LOOK = 32;

export class PageReader {
  readonly #clock: Clock;
  readonly #timers: Timers;

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  async scan(set: RecordSet, options: ScanOptions): Promise<Page> {
    const entries = (from: Buffer | undefined): Iterable<Entry> => set.records.range({ from });
    return this.#page(options, undefined, entries, (entry) => this.#found(set, entry.key, entry.value, options.bins));
  }

  async query(set: RecordSet, index: SecondaryIndex, options: QueryOptions): Promise<Page> {
    const range = index.range(options.where);
    const entries = (from: Buffer | undefined): Iterable<Entry> => index.space.range({ from, to: range.to });
    return this.#page(options, range.from, entries, ({ key: entry }) => {
      const key = index.recordKeyOf(entry);
      const bytes = set.records.get(key);
      if (bytes === undefined || !index.finds(entry, decodeRecord(bytes), range)) return undefined;
      return this.#found(set, key, bytes, options.bins);
    });
  }

  async #page(
    { pageRecords = PAGE_RECORDS, after, signal }: ScanOptions,
    begin: Buffer | undefined,
    entries: (from: Buffer | undefined) => Iterable<Entry>,
    find: (entry: Entry) => FoundRecord | undefined,
  ): Promise<Page> {
    // Others have their turn between two pages.
    await new Promise<void>((resolve) => this.#timers.soon(resolve));
    signal?.throwIfAborted();
    const records: FoundRecord[] = [];
    const until = this.#clock.monotonic() + PAGE_MS_MAX;
    let seen = 0;
    for (const entry of entries(after === undefined ? begin : behind(after))) {
      const record = find(entry);
      if (record !== undefined) records.push(record);
      const isLate = ++seen % ENTRIES_A_LOOK === 0 && this.#clock.monotonic() > until;
      if (records.length >= pageRecords || isLate) return { records, cursor: entry.key.toString('base64url') };
    }
    return { records, cursor: undefined };
  }

  #found(
    { namespace, name }: RecordSet,
    key: Buffer,
    bytes: Buffer,
    bins: readonly string[] | undefined,
  ): FoundRecord | undefined {
    const record = decodeRecord(bytes, bins && new Set(bins));
    const now = this.#clock.now();
    if (!isLive(record, now)) return undefined;
    return foundRecord({ namespace, set: name, key: decodeUserKey(key) }, record, now);
  }
}

/** The first key behind that of a cursor. */
function behind(cursor: string): Buffer {
  return Buffer.concat([Buffer.from(cursor, 'base64url'), Buffer.of(0)]);
}
