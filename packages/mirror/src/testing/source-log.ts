/**
 * For tests: partition logs as brokers write them, drawn at random. Batches of every compression, with gaps as
 * compaction leaves them, stamped with LogAppendTime, given a delete horizon, emptied, in transactions that commit or
 * abort, with and without keys, values and headers, and with times from the distant past to the distant future.
 */
import { batchHeader, buildControlBatch, compressions, RecordBatch, RecordBatchBuilder } from '@millrace/wire';
import fc from 'fast-check';

/** A record as any reader sees it, its bytes in hex. */
export interface PlainRecord {
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [key: string, value: string | null])[];
}

export interface SourceLog {
  readonly bytes: Uint8Array;
  /** Begins there, mostly within the first batch or before it. */
  readonly from: number;
  readonly end: number;
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[];
  /** Offset -> the record that a reader of committed records sees there, from `from` on. */
  readonly committed: ReadonlyMap<number, PlainRecord>;
  /** Where the batches begin. */
  readonly positions: readonly number[];
}

interface DraftRecord {
  readonly gap: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
}

const usualTime = 1_700_000_000_000;
const times = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: usualTime, max: usualTime + 100_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: -(2 ** 51), max: 2 ** 51 }) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 0, 1) },
);
const field = fc.oneof(
  { weight: 4, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom(120, 300, 500, 9000).map((length) => new Uint8Array(length).fill(7)) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const record: fc.Arbitrary<DraftRecord> = fc.record({
  gap: fc.oneof(
    { weight: 12, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 90_000 }) },
  ),
  timestamp: times,
  key: field,
  value: field,
  headers: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.record({ key: fc.string({ maxLength: 9 }), value: field }), { maxLength: 3 }) },
  ),
});
const tinyRecord: fc.Arbitrary<DraftRecord> = record.map((draft) => ({ ...draft, gap: 0 }));
const batch = fc.record({
  records: fc.oneof(
    { weight: 3, arbitrary: fc.array(tinyRecord, { minLength: 1, maxLength: 3 }) },
    { weight: 2, arbitrary: fc.array(record, { minLength: 1, maxLength: 9 }) },
    { weight: 1, arbitrary: fc.constant([]) },
  ),
  /** Added to all its times: those of two such batches can be too far apart for one batch. */
  age: fc.oneof(
    { weight: 9, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constantFrom(2 ** 52, -(2 ** 52)) },
  ),
  compression: fc.oneof(fc.constant('none' as const), fc.constantFrom(...compressions)),
  gapBefore: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(5000) }),
  gapBehind: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(50) }),
  logAppendTime: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: times }),
  horizon: fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constant(usualTime) }),
  /** 0: of no transaction; else its producer. */
  transaction: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 3 }) },
  ),
  /** What ends that producer's transaction behind this batch, if anything does. */
  ends: fc.constantFrom(undefined, undefined, 'commit' as const, 'abort' as const),
});
type DraftBatch = typeof batch extends fc.Arbitrary<infer Draft> ? Draft : never;

/** A log of up to `batchesMax` batches, besides markers. */
export function sourceLogs(batchesMax = 12): fc.Arbitrary<SourceLog> {
  return fc
    .tuple(fc.array(batch, { maxLength: batchesMax }), fc.nat(2 ** 40), fc.nat(6))
    .map(([drafts, start, skip]) => new LogWriter(start).write(drafts, start + skip));
}

/** What a reader sees of a record, by offset. */
export function plainRecords(bytes: RecordBatch): (readonly [offset: number, record: PlainRecord])[] {
  return Array.from(bytes.records(), (found) => [
    found.offset,
    {
      timestamp: found.timestamp,
      key: hex(found.key),
      value: hex(found.value),
      headers: found.headers.map(({ key, value }) => [key, hex(value)] as const),
    },
  ]);
}

class LogWriter {
  readonly #parts: Uint8Array[] = [];
  readonly #positions: number[] = [];
  readonly #aborted: { producerId: number; firstOffset: number }[] = [];
  /** Producer -> its open transaction. */
  readonly #open = new Map<number, { firstOffset: number; records: (readonly [number, PlainRecord])[] }>();
  readonly #committed: (readonly [number, PlainRecord])[] = [];
  #offset: number;
  #position = 0;

  constructor(offset: number) {
    this.#offset = offset;
  }

  write(drafts: readonly DraftBatch[], from: number): SourceLog {
    for (const draft of drafts) this.#add(draft);
    for (const producerId of [...this.#open.keys()]) this.#end(producerId, 'commit');
    return {
      bytes: Buffer.concat(this.#parts),
      from,
      end: Math.max(this.#offset, from),
      aborted: this.#aborted,
      committed: new Map(this.#committed.filter(([offset]) => offset >= from).sort(([a], [b]) => a - b)),
      positions: this.#positions,
    };
  }

  #add(draft: DraftBatch): void {
    const { transaction } = draft;
    this.#offset += draft.gapBefore;
    const bytes = written(draft, this.#offset);
    const view = new RecordBatch(bytes);
    const records = plainRecords(view);
    if (transaction === 0) this.#committed.push(...records);
    else {
      const open = this.#open.get(transaction) ?? { firstOffset: this.#offset, records: [] };
      this.#open.set(transaction, open);
      open.records.push(...records);
    }
    this.#offset = view.lastOffset + 1;
    this.#push(bytes);
    if (transaction !== 0 && draft.ends !== undefined) this.#end(transaction, draft.ends);
  }

  #end(producerId: number, type: 'commit' | 'abort'): void {
    const { firstOffset, records } = this.#open.get(producerId) as { firstOffset: number; records: [] };
    this.#open.delete(producerId);
    if (type === 'abort') this.#aborted.push({ producerId, firstOffset });
    else this.#committed.push(...records);
    const baseOffset = this.#offset++;
    const producer = { producerId, producerEpoch: 0, coordinatorEpoch: 1 };
    this.#push(buildControlBatch({ ...producer, type, timestamp: usualTime, baseOffset }));
  }

  #push(bytes: Uint8Array): void {
    this.#positions.push(this.#position);
    this.#parts.push(bytes);
    this.#position += bytes.length;
  }
}

function written(draft: DraftBatch, baseOffset: number): Uint8Array {
  const { records, compression, horizon, logAppendTime, transaction } = draft;
  const builder = new RecordBatchBuilder();
  let delta = -1;
  // The first delta refers to the base, which becomes the horizon: so a record at that time is put first and counts.
  if (horizon !== undefined && records.length > 0) builder.append(horizon, null, null, [], ++delta);
  for (const { gap, timestamp, key, value, headers } of records) {
    delta += 1 + gap;
    builder.append(timestamp + draft.age, key, value, headers, delta);
  }
  const producer = transaction === 0 ? {} : { producerId: transaction, producerEpoch: 0, baseSequence: 0 };
  const built = builder.build({ compression, baseOffset, transactional: transaction !== 0, ...producer });
  const bytes = Uint8Array.from(built);
  const { deleteHorizon } = batchHeader.batchAttributeBits;
  if (horizon !== undefined) batchHeader.setAttributes(bytes, 0, batchHeader.attributes(bytes, 0) | deleteHorizon);
  if (logAppendTime !== undefined) batchHeader.setLogAppendTime(bytes, 0, logAppendTime);
  const lastDelta = Math.max(delta, 0) + draft.gapBehind;
  new DataView(bytes.buffer).setInt32(batchHeader.batchHeaderLayout.lastOffsetDelta, lastDelta);
  batchHeader.updateCrc(bytes, 0);
  return bytes;
}

function hex(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('hex');
}
