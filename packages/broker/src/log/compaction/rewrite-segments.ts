/** Writes what compaction leaves of consecutive segments to a file of its own. */
import type { DiskFile } from '@millrace/base';
import { placeholderBatch, type RecordBatch } from '@millrace/wire';
import type { LogEnvironment } from '../log-environment.ts';
import { Segment } from '../segment.ts';
import { visitBatches } from '../segment-batches.ts';
import { type CompactionRules, compactBatch } from './compact-batch.ts';
import type { Pace } from './pace.ts';
import { cleanedPath } from './segment-swap.ts';

const writeBytes = 1024 * 1024;

export interface RewriteOptions {
  readonly environment: LogEnvironment;
  readonly directory: string;
  readonly rules: CompactionRules;
  readonly indexIntervalBytes: number;
  readonly pace: Pace;
}

/**
 * The segment that may take the place of `group`, synced under its name for that; undefined when it would not differ.
 * It ends where the last of the group does, for which an empty batch takes the place of a last one that goes. Rejects
 * with `DamagedSegment`, `DiskError` or `CompactionStopped`, and leaves no file then.
 */
export async function rewriteSegments(
  group: readonly Segment[],
  options: RewriteOptions,
): Promise<Segment | undefined> {
  const { environment, directory } = options;
  const { disk } = environment;
  const first = group[0] as Segment;
  const path = cleanedPath(directory, first.baseOffset);
  await disk.remove(path);
  const file = await disk.open(path, { create: true });
  const output = new Output(file, first, directory, options.indexIntervalBytes);
  let isDone = false;
  try {
    for (const segment of group) {
      await visitBatches(environment.files, segment, 0, options.pace, async (batch) => {
        const isLast = batch.lastOffset + 1 === (group.at(-1) as Segment).nextOffset;
        const left = (await compactBatch(batch, options.rules)) ?? (isLast ? placeholderBatch(batch) : undefined);
        output.note(batch, left);
        await options.pace.pause(await output.flush(writeBytes));
      });
    }
    if (group.length === 1 && !output.changed) return undefined;
    await output.flush(0);
    await file.sync();
    isDone = true;
  } finally {
    await file.close();
    if (!isDone) await disk.remove(path);
  }
  inherit(group, output);
  return output.segment;
}

/** What is known of an aborted transaction goes with its marker; leader epochs stay known without their batches. */
function inherit(group: readonly Segment[], { segment, markers }: Output): void {
  segment.epochs.length = 0;
  for (const old of group) {
    for (const transaction of old.aborted) if (markers.has(transaction.lastOffset)) segment.addAborted(transaction);
    for (const start of old.epochs) if (start.epoch > (segment.epochs.at(-1)?.epoch ?? -1)) segment.epochs.push(start);
  }
}

type Target = Pick<DiskFile, 'write'>;

class Output {
  readonly segment: Segment;
  /** Some batch is not as it was. */
  changed = false;
  /** Offsets of the markers that are left. */
  readonly markers = new Set<number>();
  readonly #file: Target;
  readonly #indexIntervalBytes: number;
  #chunks: Uint8Array[] = [];
  #chunkBytes = 0;
  #written = 0;

  constructor(file: Target, first: Segment, directory: string, indexIntervalBytes: number) {
    this.#file = file;
    this.#indexIntervalBytes = indexIntervalBytes;
    this.segment = new Segment(directory, first.baseOffset);
  }

  note(batch: RecordBatch, left: Uint8Array | undefined): void {
    if (left === undefined || left.length !== batch.sizeInBytes || left.buffer !== batch.bytes.buffer) {
      this.changed = true;
    }
    if (left === undefined) return;
    if (batch.isControl) this.markers.add(batch.baseOffset);
    // What is a view is valid during the call only.
    const bytes = left.buffer === batch.bytes.buffer ? Uint8Array.from(left) : left;
    this.segment.extend(bytes, 0, this.#indexIntervalBytes);
    this.#chunks.push(bytes);
    this.#chunkBytes += bytes.length;
  }

  /** Writes what there is, if more than `bytesMin`; answers how much. */
  async flush(bytesMin: number): Promise<number> {
    if (this.#chunkBytes <= bytesMin) return 0;
    const bytes = this.#chunkBytes;
    await this.#file.write(this.#chunks, this.#written);
    this.#written += bytes;
    this.#chunks = [];
    this.#chunkBytes = 0;
    return bytes;
  }
}
