/** For tests: compacts a log of `LogFixture`, and looks at what that left. */
import { systemTimers } from '@millrace/base';
import { readBatches } from '@millrace/wire';
import { type CompactionOutcome, compactLog } from '../log/compaction/compact-log.ts';
import { Pace } from '../log/compaction/pace.ts';
import type { LogFixture } from './log-fixture.ts';

export interface CompactionFixtureOptions {
  readonly mapBytesMax?: number;
  readonly stopped?: () => boolean;
}

export interface KeyedRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
}

/** Compacts once, if it is due. */
export async function compactOnce(
  fixture: LogFixture,
  options: CompactionFixtureOptions = {},
): Promise<CompactionOutcome | undefined> {
  const { log, environment, settings, reports } = fixture;
  const plan = await log.compaction.plan();
  if (plan === undefined) return undefined;
  const { clock } = environment;
  const stopped = options.stopped ?? (() => false);
  return compactLog(log, plan, {
    environment,
    settings,
    pace: new Pace({ clock, timers: systemTimers, bytesPerSecondMax: Number.POSITIVE_INFINITY, stopped }),
    mapBytesMax: options.mapBytesMax ?? 2 ** 20,
    mapLoadFactor: 0.9,
    onDamage: ({ message }) => void reports.push(message),
  });
}

/** All records that can be read from an offset on, in steps of at most `bytesMax`. */
export async function readKeyed(fixture: LogFixture, from: number, bytesMax = 1000): Promise<KeyedRecord[]> {
  const records: KeyedRecord[] = [];
  for (let next = from; next < fixture.log.highWatermark; ) {
    const { found, nextOffset } = await readStep(fixture, next, bytesMax);
    records.push(...found);
    next = nextOffset;
  }
  return records;
}

/** The next record that can be read from an offset on. */
export async function readNext(fixture: LogFixture, from: number): Promise<KeyedRecord | undefined> {
  for (let next = from; next < fixture.log.highWatermark; ) {
    const { found, nextOffset } = await readStep(fixture, next, 1);
    if (found.length > 0) return found[0];
    next = nextOffset;
  }
  return undefined;
}

async function readStep({ log }: LogFixture, offset: number, bytesMax: number) {
  const chunks = await log.read(offset, bytesMax, true);
  const batches = chunks.flatMap((chunk) => [...readBatches(chunk)]);
  const found: KeyedRecord[] = [];
  let nextOffset = offset;
  for (const batch of batches) {
    batch.verifyCrc();
    for (const record of batch.isControl ? [] : batch.records()) {
      if (record.offset < offset) continue;
      const { timestamp } = record;
      found.push({ offset: record.offset, timestamp, key: record.keyText(), value: record.valueText() });
    }
    nextOffset = batch.lastOffset + 1;
  }
  if (nextOffset <= offset) throw new Error(`nothing that follows can be read at offset ${offset}`);
  return { found, nextOffset };
}
