/**
 * Where the records of one partition lie on the other side, exactly, both ways.
 *
 * Runs ascend on both sides, and neighbours are joined where both sides follow on. The last run is kept apart, because
 * it grows; all others are deltas in blocks of `runsPerBlock`: 2 to 4 bytes a run and about one of overhead. A look-up
 * is a binary search over the blocks and a walk within one. Pruning drops whole blocks and hides behind a floor what
 * else is pruned of the first one.
 *
 * Does no I/O, and knows nothing of how the map is stored.
 */
import { OffsetMapOrderError } from './offset-map-error.ts';
import type { OffsetRun } from './offset-run.ts';
import { RunReader, runBytesMax, writeRun } from './run-deltas.ts';
import { UnsignedVarintReader } from './unsigned-varint.ts';

const runsPerBlock = 256;
/** What a block takes besides its runs: an object and the head of a byte array. */
const blockOverheadBytes = 200;

/** Runs as deltas from `source` and `target`, which are those of the first run. */
interface Block {
  readonly source: number;
  readonly target: number;
  /** Where the last run ends. */
  endSource: number;
  endTarget: number;
  runCount: number;
  bytes: Uint8Array;
  /** How much of `bytes` is used. */
  byteLength: number;
}

type Side = 'source' | 'target';

/** The map of one partition. Offsets are whole numbers from 0; look-ups take O(log runs). */
export class PartitionOffsetMap {
  readonly #blocks: Block[] = [];
  /** Without records only in a map that never had any. */
  #last: OffsetRun = { source: 0, target: 0, count: 0 };
  /** Records before are pruned; both name the same record. */
  #floor = { source: 0, target: 0 };

  /**
   * Adds records behind all others, and joins them to the last run where both sides follow on; a run without records is
   * ignored. Throws `OffsetMapOrderError` when it does not lie behind the last run on both sides.
   */
  append({ source, target, count }: OffsetRun): void {
    if (count === 0) return;
    const { endSource, endTarget } = this;
    if (source < endSource || target < endTarget) throw new OffsetMapOrderError(source, target, endSource, endTarget);
    const last = this.#last;
    if (last.count > 0 && source === endSource && target === endTarget) {
      this.#last = { source: last.source, target: last.target, count: last.count + count };
      return;
    }
    if (last.count > 0) this.#store(last);
    this.#last = { source, target, count };
  }

  /** The source offset behind the last record; 0 in a map that never had any. Pruning does not change it. */
  get endSource(): number {
    return this.#last.source + this.#last.count;
  }

  /** The target offset behind the last record; 0 in a map that never had any. Pruning does not change it. */
  get endTarget(): number {
    return this.#last.target + this.#last.count;
  }

  /** The runs that are not pruned, ascending; made anew at each call. */
  get runs(): readonly OffsetRun[] {
    return [...this];
  }

  /** The runs that are not pruned, ascending. The map must not change during the iteration. */
  *[Symbol.iterator](): IterableIterator<OffsetRun> {
    const floor = this.#floor.target;
    for (const block of this.#blocks) {
      const runs = readerOf(block);
      while (!runs.atEnd) {
        runs.next();
        if (runs.endTarget > floor) yield cutBefore(runs, floor);
      }
    }
    if (this.endTarget > floor) yield cutBefore(this.#last, floor);
  }

  /** The target offset of exactly this record; undefined when it was not copied, or is not known any more. */
  targetOf(source: number): number | undefined {
    const run = source < this.#floor.source ? undefined : this.#runReaching('source', source);
    return run !== undefined && run.source <= source ? run.target + (source - run.source) : undefined;
  }

  /** The source offset of exactly this record; undefined when it is no copy, or is not known any more. */
  sourceOf(target: number): number | undefined {
    const run = target < this.#floor.target ? undefined : this.#runReaching('target', target);
    return run !== undefined && run.target <= target ? run.source + (target - run.target) : undefined;
  }

  /** The target offset of the first copied record at or behind this source offset; undefined behind the last. */
  nextTarget(source: number): number | undefined {
    const at = Math.max(source, this.#floor.source);
    const run = this.#runReaching('source', at);
    return run && run.target + Math.max(0, at - run.source);
  }

  /** The source offset of the first copied record at or behind this target offset; undefined behind the last. */
  nextSource(target: number): number | undefined {
    const at = Math.max(target, this.#floor.target);
    const run = this.#runReaching('target', at);
    return run && run.source + Math.max(0, at - run.target);
  }

  /** The run of the first copied record at or behind this source offset; undefined behind the last. */
  runFrom(source: number): OffsetRun | undefined {
    const run = this.#runReaching('source', Math.max(source, this.#floor.source));
    return run && cutBefore(run, this.#floor.target);
  }

  /** Forgets the records before this target offset. The ends stay, and what is appended later is all known. */
  dropBefore(target: number): void {
    if (target <= this.#floor.target) return;
    this.#floor = { source: this.nextSource(target) ?? this.endSource, target: Math.min(target, this.endTarget) };
    let gone = 0;
    while (gone < this.#blocks.length && this.#blocks[gone]!.endTarget <= this.#floor.target) gone++;
    this.#blocks.splice(0, gone);
  }

  /** About how much memory the runs take, in bytes. */
  get memoryBytes(): number {
    let bytes = 0;
    for (const block of this.#blocks) bytes += block.bytes.length + blockOverheadBytes;
    return bytes;
  }

  #store({ source, target, count }: OffsetRun): void {
    let block = this.#blocks.at(-1);
    if (block === undefined || block.runCount === runsPerBlock) {
      // A block that is full gives back the room it does not need.
      if (block !== undefined) block.bytes = block.bytes.slice(0, block.byteLength);
      block = { source, target, endSource: source, endTarget: target, runCount: 0, bytes: spare, byteLength: 0 };
      this.#blocks.push(block);
    }
    if (block.byteLength + runBytesMax > block.bytes.length) {
      const grown = new Uint8Array(2 * block.byteLength + runBytesMax);
      grown.set(block.bytes.subarray(0, block.byteLength));
      block.bytes = grown;
    }
    const [sourceGap, targetGap] = [source - block.endSource, target - block.endTarget];
    block.byteLength = writeRun(block.bytes, block.byteLength, sourceGap, targetGap, count);
    block.endSource = source + count;
    block.endTarget = target + count;
    block.runCount++;
  }

  /** The first run that ends behind `at`. */
  #runReaching(side: Side, at: number): OffsetRun | undefined {
    const last = this.#last;
    if (last[side] + last.count <= at) return undefined;
    if (last[side] <= at) return last;
    const end = side === 'source' ? 'endSource' : 'endTarget';
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#blocks[middle]![end] <= at) low = middle + 1;
      else high = middle;
    }
    const block = this.#blocks[low];
    if (block === undefined) return last;
    const runs = readerOf(block);
    do runs.next();
    while (runs[end] <= at);
    return runs;
  }
}

const spare = new Uint8Array(0);

function readerOf({ bytes, byteLength, source, target }: Block): RunReader {
  return new RunReader(new UnsignedVarintReader(bytes, 0, byteLength), source, target);
}

function cutBefore({ source, target, count }: OffsetRun, floor: number): OffsetRun {
  const cut = Math.max(0, floor - target);
  return { source: source + cut, target: target + cut, count: count - cut };
}
