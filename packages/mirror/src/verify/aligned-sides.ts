/** Which offsets of one partition's two sides are compared, and which of them belong together. */
import type { CallBounds } from '@millrace/client/protocol';
import type { RecordBatch } from '@millrace/wire';
import type { OffsetRun } from '../offset-map/offset-run.ts';
import type { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
import type { BatchFilter } from './batch-filter.ts';
import { boundOf, type Isolation, type ReadLog } from './log-reader.ts';
import type { OffsetRange, VerifiedSide } from './verification.ts';
import { VerifyError } from './verify-error.ts';

export interface SidesOptions {
  readonly source: VerifiedSide;
  readonly target: VerifiedSide;
  readonly partition: number;
  readonly targetIsolation: Isolation;
  readonly bounds: CallBounds;
  /** Ranges of target offsets. */
  readonly skip: readonly OffsetRange[];
  /** Ranges of source offsets. */
  readonly skipSource: readonly OffsetRange[];
  readonly map: () => Promise<PartitionOffsetMap | undefined>;
  /** Ranges of source offsets that were passed over; asked for behind the ends. */
  readonly passedOver: () => Promise<readonly OffsetRange[]>;
}

/** The two logs of a partition, and how far each is compared: over what both still retain, up to today's ends. */
export class AlignedSides {
  readonly partition: number;
  readonly source: ReadLog;
  readonly target: ReadLog;
  readonly sourceTo: number;
  readonly targetTo: number;
  readonly map: PartitionOffsetMap | undefined;
  readonly #skip: readonly OffsetRange[];
  readonly #skipSource: readonly OffsetRange[];
  readonly #passedOver: readonly OffsetRange[];
  sourceFrom = 0;
  targetFrom = 0;
  #run: OffsetRun | undefined;

  private constructor(
    options: SidesOptions,
    logs: { source: ReadLog; target: ReadLog },
    ends: { source: number; target: number },
    map: PartitionOffsetMap | undefined,
    passedOver: readonly OffsetRange[],
  ) {
    this.partition = options.partition;
    this.source = logs.source;
    this.target = logs.target;
    this.sourceTo = ends.source;
    this.targetTo = ends.target;
    this.map = map;
    this.#skip = options.skip;
    this.#skipSource = [...options.skipSource, ...passedOver];
    this.#passedOver = passedOver;
  }

  /** Takes the end offsets (the target's first, so that the source has all that the target has), then the map. */
  static async take(options: SidesOptions): Promise<AlignedSides> {
    const { partition, bounds } = options;
    const source: ReadLog = {
      ...options.source,
      side: 'source',
      partition,
      bounds,
      isolation: 'read_committed',
      filter: options.source.filter?.(partition),
    };
    const unfiltered: ReadLog = {
      ...options.target,
      side: 'target',
      partition,
      bounds,
      isolation: options.targetIsolation,
      filter: undefined,
    };
    const targetTo = await boundOf(unfiltered, 'latest');
    const sourceTo = await boundOf(source, 'latest');
    const known = await options.map();
    const map = known === undefined || known.endSource === 0 ? undefined : known;
    const target = { ...unfiltered, filter: beside(map, options.target.filter?.(partition)) };
    const ends = { source: sourceTo, target: targetTo };
    const sides = new AlignedSides(options, { source, target }, ends, map, await options.passedOver());
    sides.sourceFrom = await boundOf(source, 'earliest');
    sides.targetFrom = await boundOf(target, 'earliest');
    if (map !== undefined) sides.#align(sides.sourceFrom, sides.targetFrom);
    return sides;
  }

  get sourceRange(): OffsetRange {
    return { from: Math.min(this.sourceFrom, this.sourceTo), to: this.sourceTo };
  }

  get targetRange(): OffsetRange {
    return { from: Math.min(this.targetFrom, this.targetTo), to: this.targetTo };
  }

  /** How many offsets of the source's range were passed over. */
  get passedOver(): number {
    const { from, to } = this.sourceRange;
    const lengths = this.#passedOver.map((each) => Math.min(each.to, to) - Math.max(each.from, from));
    return lengths.reduce((sum, length) => sum + Math.max(0, length), 0);
  }

  /** Retention removed what lies before an offset of one side: the other's counterparts are not compared either. */
  lose(side: 'source' | 'target', next: number): void {
    if (this.map === undefined) {
      const problem =
        'retention removed records meanwhile, and without an offset map it is unknown what belongs to the rest; ' +
        'compare again';
      throw new VerifyError('verify_log_changed', this[side], next, problem);
    }
    this.#align(side === 'source' ? next : this.sourceFrom, side === 'target' ? next : this.targetFrom);
  }

  /** Where the map says a record lies; undefined when it does not know. */
  mappedTarget(source: number): number | undefined {
    return this.map?.targetOf(source);
  }

  /** The source offset behind which the target has nothing, by the last record that it has. */
  sourceBehind(target: number): number {
    return this.map === undefined ? this.sourceTo : Math.min(this.sourceTo, sourceAt(this.map, target) + 1);
  }

  /** Whether the map has no say about a source offset, because what it knows ends before. */
  isBehindMap(source: number): boolean {
    return this.map === undefined || source >= this.map.endSource;
  }

  /** Whether the map agrees that all records of one batch lie in the other at the same distances. */
  areBatchesTogether(source: RecordBatch, target: RecordBatch): boolean {
    const { baseOffset, lastOffset } = source;
    if (!this.belongTogether(baseOffset, target.baseOffset)) return false;
    if (this.isBehindMap(baseOffset)) return true;
    const run = this.#run;
    return run !== undefined && lastOffset < run.source + run.count;
  }

  /** Whether the map agrees that a record of the source lies there; it has no say about what lies behind its end. */
  belongTogether(source: number, target: number): boolean {
    const { map } = this;
    if (map === undefined) return true;
    if (source >= map.endSource) return target >= map.endTarget;
    let run = this.#run;
    if (run === undefined || source < run.source || source >= run.source + run.count) {
      run = map.runFrom(source);
      this.#run = run;
    }
    return run !== undefined && source >= run.source && target - run.target === source - run.source;
  }

  isTargetSkipped(target: number): boolean {
    return this.#skip.some(({ from, to }) => target >= from && target < to);
  }

  isSourceSkipped(source: number): boolean {
    if (this.#skipSource.some(({ from, to }) => source >= from && source < to)) return true;
    if (this.#skip.length === 0) return false;
    const target = this.mappedTarget(source);
    return target !== undefined && this.isTargetSkipped(target);
  }

  mayTargetBeSkipped({ from, to }: OffsetRange): boolean {
    return this.#skip.some((range) => range.from < to && from < range.to);
  }

  maySourceBeSkipped({ from, to }: OffsetRange): boolean {
    // Where the target's ranges lie on the source is not told range by range.
    return this.#skip.length > 0 || this.#skipSource.some((range) => range.from < to && from < range.to);
  }

  #align(source: number, target: number): void {
    const map = this.map as PartitionOffsetMap;
    this.sourceFrom = Math.max(source, sourceAt(map, target));
    this.targetFrom = Math.max(target, targetAt(map, source));
  }
}

/** Leaves out only what the map does not know. */
function beside(map: PartitionOffsetMap | undefined, filter: BatchFilter | undefined): BatchFilter | undefined {
  if (filter === undefined) return undefined;
  return {
    prepare: (bytes) => filter.prepare(bytes),
    isLeftOut: (batch) => map?.sourceOf(batch.baseOffset) === undefined && filter.isLeftOut(batch),
  };
}

/** The last run is taken to go on one by one. */
function sourceAt(map: PartitionOffsetMap, target: number): number {
  return map.nextSource(target) ?? map.endSource + Math.max(0, target - map.endTarget);
}

function targetAt(map: PartitionOffsetMap, source: number): number {
  return map.nextTarget(source) ?? map.endTarget + Math.max(0, source - map.endSource);
}
