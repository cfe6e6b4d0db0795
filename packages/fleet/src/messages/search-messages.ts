/**
 * The scan of a search: reads its ranges, tells finds and progress, and ends at the first of its bounds.
 *
 * Invariants: what `next` names was not looked at, everything before it was. Nothing is read any more once the caller
 * stops asking. Records of transactions count once these are committed.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { MessageLine, MessageSearch } from '@millrace/api/fleet';
import type { Client, ConsumerBatch } from '@millrace/client';
import { expressionRecord, messageView } from './message-view.ts';
import { type Candidate, openRecordFilter, type RecordFilter } from './record-filter.ts';
import { type SearchRange, searchRanges } from './search-range.ts';

type EndReason = Extract<MessageLine, { type: 'end' }>['reason'];
type Found = Extract<MessageLine, { type: 'message' }>;

const defaults = { limit: 100, scanRecords: 100_000, scanBytes: 256 * 2 ** 20, scanSeconds: 15 };
const valueBytesDefault = 64 * 1024;
const progressMs = 500;
/** How many records go to an expression at once, and how long records may be looked at without a break. */
const judgedMax = 500;
const stretchMs = 5;

/** Lines until the end line, which is the last; ends without one when the signal aborts. */
export async function* searchMessages(
  client: Client,
  topic: string,
  search: MessageSearch,
  signal: AbortSignal,
): AsyncGenerator<MessageLine> {
  const bounds = { ...defaults, ...definedOf(search) };
  await using filter = await openRecordFilter(search, signal);
  await using admin = client.admin();
  const ranges = await searchRanges(admin, topic, search, { newest: bounds.limit, signal });
  const scan = new Scan(ranges, bounds, filter, search.valueBytesMax ?? valueBytesDefault);
  if (ranges.length === 0) return yield scan.end('end');
  const timeout = AbortSignal.timeout(bounds.scanSeconds * 1000);
  const stop = AbortSignal.any([signal, timeout]);
  await using consumer = client.consumer({
    assign: ranges.map(({ partition, start }) => ({ topic, partition, offset: start })),
    until: 'end',
    isolation: 'read_committed',
    from: 'earliest',
    bufferBytesMax: 8 * 2 ** 20,
    fetchBytesMax: 4 * 2 ** 20,
  });
  const batches = consumer.batches({ signal: stop });
  try {
    let next = batches.next();
    for (;;) {
      const arrived = await orProgress(next);
      if (arrived === undefined) {
        yield scan.progress();
        continue;
      }
      if (arrived.done === true) return yield scan.end('end');
      for await (const line of scan.look(arrived.value, stop)) yield line;
      if (scan.reason !== undefined) return yield scan.end(scan.reason);
      consumer.pause(scan.finished().map((partition) => ({ topic, partition })));
      if (scan.isDue()) yield scan.progress();
      next = batches.next();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!timeout.aborted) throw error;
    yield scan.end('time');
  }
}

/** What arrives within a while; undefined when nothing does. */
async function orProgress<T>(arriving: Promise<T>): Promise<T | undefined> {
  const waited = new AbortController();
  try {
    return await Promise.race([arriving, pause(progressMs, undefined, { signal: waited.signal, ref: false })]);
  } finally {
    waited.abort();
  }
}

class Scan {
  readonly #bounds: typeof defaults;
  readonly #filter: RecordFilter;
  readonly #valueBytesMax: number;
  readonly #ranges: readonly SearchRange[];
  readonly #positions: Map<number, number>;
  readonly #open: Map<number, number>;
  readonly #total: number;
  #records = 0;
  #bytes = 0;
  #found = 0;
  #filterErrors = 0;
  #toldAt = performance.now();
  /** The bound that was reached. */
  reason: EndReason | undefined;

  constructor(ranges: readonly SearchRange[], bounds: typeof defaults, filter: RecordFilter, valueBytesMax: number) {
    this.#ranges = ranges;
    this.#bounds = bounds;
    this.#filter = filter;
    this.#valueBytesMax = valueBytesMax;
    this.#positions = new Map(ranges.map(({ partition, start }) => [partition, start]));
    this.#open = new Map(ranges.map(({ partition, end }) => [partition, end]));
    this.#total = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** Looks at a batch, or at as much of it as the bounds allow. */
  async *look(batch: ConsumerBatch, signal: AbortSignal): AsyncGenerator<MessageLine> {
    const { partition } = batch;
    const end = this.#open.get(partition);
    if (end === undefined) return;
    this.#bytes += batch.sizeInBytes;
    let since = performance.now();
    let waiting: Candidate[] = [];
    for (const record of batch) {
      if (record.offset >= end) break;
      if (this.#records === this.#bounds.scanRecords) {
        this.reason = 'records';
        break;
      }
      this.#records++;
      this.#positions.set(partition, record.offset + 1);
      if (this.#filter.hasTexts(record)) waiting.push(record);
      const isLong = performance.now() - since > stretchMs;
      if (waiting.length < judgedMax && !isLong) continue;
      yield* this.#judge(waiting, signal);
      if (this.reason !== undefined) return;
      waiting = [];
      if (this.isDue()) yield this.progress();
      // Others have their turn.
      await pause(0, undefined, { signal });
      since = performance.now();
    }
    yield* this.#judge(waiting, signal);
    if (this.reason !== undefined) return;
    this.#positions.set(partition, Math.min(end, batch.nextOffset));
    if (batch.nextOffset >= end) this.#open.delete(partition);
    if (this.#open.size === 0) this.reason = 'end';
    else if (this.#bytes >= this.#bounds.scanBytes) this.reason = 'bytes';
  }

  async *#judge(records: readonly Candidate[], signal: AbortSignal): AsyncGenerator<Found> {
    if (records.length === 0) return;
    const { expression } = this.#filter;
    const holds = expression && (await expression.judge(records.map(expressionRecord), signal));
    for (const [index, record] of records.entries()) {
      const verdict = holds === undefined ? true : holds[index];
      if (verdict === null) this.#filterErrors++;
      if (verdict !== true) continue;
      this.#found++;
      if (this.#found === this.#bounds.limit) {
        this.reason = 'limit';
        this.#goBack(records, index);
      }
      yield messageView(record, this.#valueBytesMax);
      if (this.reason === 'limit') return;
    }
  }

  /** What came after the last find was not looked at, as far as the caller goes. */
  #goBack(records: readonly Candidate[], index: number): void {
    const last = records[index] as Candidate;
    this.#positions.set(last.partition, last.offset + 1);
  }

  /** Partitions whose range is looked through. */
  finished(): number[] {
    return [...this.#positions.keys()].filter((partition) => !this.#open.has(partition));
  }

  isDue(): boolean {
    return performance.now() - this.#toldAt >= progressMs;
  }

  progress(): MessageLine {
    this.#toldAt = performance.now();
    return { type: 'progress', ...this.#scanned() };
  }

  end(reason: EndReason): MessageLine {
    const next = this.#ranges.flatMap(({ partition, end }) => {
      const offset = this.#positions.get(partition) ?? end;
      return offset < end && reason !== 'end' ? [{ partition, offset }] : [];
    });
    const isWhole = next.length === 0;
    const scanned = { ...this.#scanned(), ...(isWhole && { part: 1 }) };
    return { type: 'end', ...scanned, reason: isWhole ? 'end' : reason, filterErrors: this.#filterErrors, next };
  }

  #scanned(): { records: number; bytes: number; found: number; part: number } {
    const done = this.#ranges.reduce(
      (sum, { partition, start }) => sum + (this.#positions.get(partition) ?? 0) - start,
      0,
    );
    const part = this.#total === 0 ? 1 : Math.min(1, done / this.#total);
    return { records: this.#records, bytes: this.#bytes, found: this.#found, part };
  }
}

function definedOf(search: MessageSearch): Partial<typeof defaults> {
  return Object.fromEntries(
    Object.keys(defaults).flatMap((name) => {
      const value = search[name as keyof typeof defaults];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
