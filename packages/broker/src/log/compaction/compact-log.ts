/**
 * One pass of compaction over one log, as Kafka's log cleaner makes it: of the dirty part the last offset of each key
 * is put in a map, as far as that has room; then all segments up to there are written anew without the records that the
 * map has a later one for, and take the place of the old ones group by group. Offsets and order never change.
 *
 * Appends and reads go on meanwhile. A segment with a damaged batch is left as it is.
 */
import type { LogSettings } from '../../configuration/topic-configuration.ts';
import type { Log } from '../log.ts';
import type { LogEnvironment } from '../log-environment.ts';
import { type Segment, segmentOffsetsMax } from '../segment.ts';
import { DamagedSegment, visitBatches } from '../segment-batches.ts';
import { decodeSegmentSummary } from '../segment-summary.ts';
import type { CompactionRules } from './compact-batch.ts';
import { writeCompactedTo } from './compaction-checkpoint.ts';
import { type CompactionPlan, groupSegments } from './compaction-plan.ts';
import { OffsetMap } from './offset-map.ts';
import type { Pace } from './pace.ts';
import { rewriteSegments } from './rewrite-segments.ts';
import { TransactionView } from './transaction-view.ts';

export interface CompactionOptions {
  readonly environment: LogEnvironment;
  readonly settings: LogSettings;
  readonly pace: Pace;
  /** For the offsets of keys. */
  readonly mapBytesMax: number;
  readonly mapLoadFactor: number;
  /** Told of each damaged segment that is met. */
  readonly onDamage: (damage: DamagedSegment) => void;
}

/** What a pass did. */
export interface CompactionOutcome {
  /** The log is compacted up to here. */
  readonly compactedTo: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/**
 * Compacts a log by a plan made of it just now. Rejects with `DiskError`, or `CompactionStopped`; whatever was replaced
 * until then stays so, and the next pass goes on from there.
 */
export async function compactLog(
  log: Log,
  plan: CompactionPlan,
  options: CompactionOptions,
): Promise<CompactionOutcome> {
  await log.compaction.finishSwap();
  const damaged = new Set(plan.segments.filter(({ holes }) => holes.length > 0));
  const transactions = () => new TransactionView(log.segments.flatMap(({ aborted }) => aborted));
  const { offsets, mapEnd } = await mapOffsets(plan, damaged, transactions(), options);
  const now = options.environment.clock.now();
  const rules: CompactionRules = {
    offsets,
    mapEnd,
    transactions: transactions(),
    producers: new Map([...log.producers.all()].map((producer) => [producer.producerId, producer])),
    now,
    horizon: now + options.settings.tombstoneMs,
    keepDeletes: false,
  };
  const bytesBefore = log.sizeBytes;
  const left = plan.segments.filter(({ baseOffset }) => baseOffset < mapEnd);
  while (left.length > 0) await compactNext(log, left, damaged, rules, options);
  log.compaction.noteCompacted(mapEnd);
  await writeCompactedTo(options.environment.disk, log.directory, mapEnd);
  return { compactedTo: mapEnd, bytesBefore, bytesAfter: log.sizeBytes };
}

/** The last offsets of the dirty part's keys, up to where the map is full. */
async function mapOffsets(
  plan: CompactionPlan,
  damaged: Set<Segment>,
  transactions: TransactionView,
  options: CompactionOptions,
): Promise<{ readonly offsets: OffsetMap; readonly mapEnd: number }> {
  const { dirtyFrom, segments } = plan;
  const end = segments.at(-1)?.nextOffset ?? dirtyFrom;
  const offsets = new OffsetMap({
    bytesMax: options.mapBytesMax,
    keysMax: end - dirtyFrom,
    loadFactor: options.mapLoadFactor,
  });
  let mapEnd = dirtyFrom;
  let isFull = false;
  for (const segment of segments) {
    if (segment.nextOffset <= dirtyFrom || isFull) continue;
    if (damaged.has(segment)) {
      mapEnd = segment.nextOffset;
      continue;
    }
    const position = segment.index.floor(dirtyFrom);
    await noteDamage(damaged, options, () =>
      visitBatches(options.environment.files, segment, position, options.pace, async (batch) => {
        if (isFull || batch.lastOffset < dirtyFrom) return;
        // The first batch is taken whatever its size, or nothing would ever be compacted: a key without room is kept.
        isFull = offsets.size + batch.recordCount > offsets.capacity && mapEnd > dirtyFrom;
        if (isFull) return;
        if (!batch.isControl && !transactions.isAborted(batch)) {
          for (const record of await batch.recordsAsync()) {
            if (record.key !== null) offsets.put(record.key, record.offset);
          }
        }
        mapEnd = batch.lastOffset + 1;
      }),
    );
    if (!isFull) mapEnd = segment.nextOffset;
  }
  return { offsets, mapEnd };
}

/** Compacts the first group of `left` and takes it from there; a damaged segment is taken alone. */
async function compactNext(
  log: Log,
  left: Segment[],
  damaged: Set<Segment>,
  rules: CompactionRules,
  options: CompactionOptions,
): Promise<void> {
  const { settings } = options;
  const isDamaged = (segment: Segment): boolean => damaged.has(segment);
  if (isDamaged(left[0] as Segment)) {
    left.shift();
    rules.keepDeletes = true;
    return;
  }
  const group = groupSegments(left, isDamaged, settings.segmentBytes, segmentOffsetsMax)[0] ?? [];
  const isSound = await noteDamage(damaged, options, () => compactGroup(log, group, rules, options));
  // A damaged one splits its group, which is tried again without it.
  if (isSound) left.splice(0, group.length);
}

async function compactGroup(
  log: Log,
  group: readonly Segment[],
  rules: CompactionRules,
  options: CompactionOptions,
): Promise<void> {
  const { environment, settings, pace } = options;
  const { directory } = log;
  const { indexIntervalBytes } = settings;
  const fresh = await rewriteSegments(group, { environment, directory, rules, indexIntervalBytes, pace });
  if (fresh === undefined) return;
  await log.compaction.swap(group, fresh, await producersAfter(environment, group.at(-1) as Segment));
}

/** The producers' state at the end of a segment, if its summary tells. */
async function producersAfter(environment: LogEnvironment, segment: Segment) {
  const content = await environment.disk.readFile(segment.summaryPath);
  return content && decodeSegmentSummary(segment.baseOffset, content)?.summary.producers;
}

/** Whether `work` came to its end; if a segment turned out to be damaged, that is noted. */
async function noteDamage(
  damaged: Set<Segment>,
  options: CompactionOptions,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof DamagedSegment)) throw error;
    damaged.add(error.segment);
    options.onDamage(error);
    return false;
  }
}
