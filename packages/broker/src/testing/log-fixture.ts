/** For tests: a log on a disk of its own, and batches to append to it. */
import { type Disk, seededRandomness } from '@millrace/base';
import { type Compression, RecordBatchBuilder, readBatches } from '@millrace/wire';
import type { LogSettings } from '../configuration/topic-configuration.ts';
import type { FileCache } from '../log/file-cache.ts';
import { Log } from '../log/log.ts';
import type { LogEnvironment } from '../log/log-environment.ts';
import { producerBatchAt } from '../log/producer-batch.ts';
import type { SequenceCheck } from '../log/producer-states.ts';
import { SyncGate } from '../log/sync-gate.ts';
import type { Appended } from '../log/write-group.ts';
import { logEnvironment } from './log-environment.ts';

export interface LogFixtureOptions {
  readonly disk: Disk;
  readonly directory?: string;
  readonly settings?: Partial<LogSettings>;
  /** Default 0: everything is read from the files. */
  readonly tailBytesMax?: number;
  readonly openFilesMax?: number;
  /** Every write is synced. */
  readonly durable?: boolean;
  /** Where a deletion of records has moved the start to. */
  readonly startOffset?: number;
}

export interface TestBatch {
  /** Null is a tombstone. */
  readonly values: readonly (string | null)[];
  /** One for each value; none by default. */
  readonly keys?: readonly string[];
  readonly compression?: Compression;
  readonly transactional?: boolean;
  /** One for all records, or one for each. */
  readonly timestamps?: number | readonly number[];
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
}

/** A record as it was read. */
export interface ReadRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly value: string;
}

const unbounded = Number.POSITIVE_INFINITY;
const defaults: LogSettings = {
  compact: false,
  deleteOld: true,
  dirtyRatioMin: 0.5,
  compactionLagMinMs: 0,
  compactionLagMaxMs: unbounded,
  tombstoneMs: 86_400_000,
  retentionMs: unbounded,
  retentionBytes: unbounded,
  segmentBytes: 2 ** 30,
  segmentMs: unbounded,
  indexIntervalBytes: 4096,
  batchBytesMax: 2 ** 20,
  flushRecords: unbounded,
  flushMs: unbounded,
  timestampIsAppendTime: false,
  timestampBeforeMaxMs: unbounded,
  timestampAfterMaxMs: unbounded,
  compression: 'producer',
  compressionLevel: undefined,
  inSyncMin: 1,
  uncleanElection: false,
};

export const logDirectory = '/topics/orders.1/0';
/** Bytes of a batch of one record with a value of 10 characters. */
export const smallBatchBytes = buildBatch({ values: ['0123456789'] }).length;

export class LogFixture {
  readonly log: Log;
  readonly files: FileCache;
  readonly environment: LogEnvironment;
  readonly reports: string[] = [];
  settings: LogSettings;
  now = 1_000_000;

  private constructor(options: LogFixtureOptions) {
    const { disk, directory = logDirectory, tailBytesMax = 0, openFilesMax = 8 } = options;
    this.settings = { ...defaults, ...options.settings };
    const clock = { now: () => this.now, monotonic: () => this.now };
    const report = ({ message }: { message: string }): void => void this.reports.push(message);
    const syncGate = options.durable === true ? new SyncGate(2) : undefined;
    this.environment = logEnvironment({ clock, disk, report, syncGate, tailBytesMax, openFilesMax });
    const { environment } = this;
    this.files = environment.files;
    this.log = new Log({ environment, directory, settings: () => this.settings, onAdvance: () => undefined });
  }

  /** Opens the log as a start of the broker does. */
  static async open(options: LogFixtureOptions): Promise<LogFixture> {
    const fixture = new LogFixture(options);
    await fixture.log.recover(options.startOffset ?? 0);
    return fixture;
  }

  /** Closes it as a clean end of the broker does. */
  async close(): Promise<void> {
    await this.log.close();
    await this.files.close();
  }

  /** Appends without waiting. */
  begin(batch: TestBatch): Appended {
    return this.log.append(buildBatch(batch), 0);
  }

  /** Appends and waits; answers the first offset, and rejects with what the writing failed with. */
  async append(batch: TestBatch): Promise<number> {
    const { baseOffset, written } = this.begin(batch);
    const { writtenTo, failure } = await written;
    if (baseOffset >= writtenTo) throw failure;
    return baseOffset;
  }

  /** What the log says of a batch of a producer, before it is appended. */
  check(batch: TestBatch): SequenceCheck | undefined {
    const producer = producerBatchAt(buildBatch(batch), 0);
    return producer && this.log.producers.check(producer);
  }

  /** All records from an offset on, read in steps of at most `bytesMax`. */
  async read(offset = this.log.startOffset, bytesMax = 1000): Promise<ReadRecord[]> {
    const records: ReadRecord[] = [];
    for (let next = offset; next < this.log.highWatermark; ) {
      const chunks = await this.log.read(next, bytesMax, true);
      if (chunks.length === 0) throw new Error(`nothing can be read at offset ${next}`);
      for (const record of recordsOf(chunks)) {
        if (record.offset < next) continue;
        records.push(record);
        next = record.offset + 1;
      }
    }
    return records;
  }

  async values(): Promise<string[]> {
    return (await this.read()).map(({ value }) => value);
  }
}

export function recordsOf(chunks: readonly Uint8Array[]): ReadRecord[] {
  return chunks.flatMap((chunk) =>
    [...readBatches(chunk)].flatMap((batch) => {
      batch.verifyCrc();
      return [...batch.records()].map(({ offset, timestamp, value }) => {
        return { offset, timestamp, value: Buffer.from(value ?? []).toString() };
      });
    }),
  );
}

export function buildBatch(batch: TestBatch): Uint8Array {
  const {
    values,
    keys,
    compression,
    transactional,
    timestamps = 1_000_000,
    producerId = -1,
    producerEpoch = -1,
    baseSequence = -1,
  } = batch;
  const builder = new RecordBatchBuilder();
  for (const [index, value] of values.entries()) {
    const timestamp = typeof timestamps === 'number' ? timestamps : (timestamps[index] as number);
    builder.append(timestamp, keys?.[index] ?? null, value);
  }
  const epoch = producerId >= 0 && producerEpoch < 0 ? 0 : producerEpoch;
  return Uint8Array.from(builder.build({ producerId, producerEpoch: epoch, baseSequence, compression, transactional }));
}

/** Values of random lengths, for batches of different sizes. */
export function someValues(seed: number, count: number, longest = 40): string[] {
  const randomness = seededRandomness(seed);
  return Array.from({ length: count }, (_, index) => `${index}:${'x'.repeat(randomness.integer(longest))}`);
}
