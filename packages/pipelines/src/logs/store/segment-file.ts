/**
 * A segment on disk: blocks, filters of their words, a footer, the footer's length, and four bytes that say what it is.
 * It is written under another name, synced and renamed: a segment is whole, or not there. A segment may replace others,
 * which it names; whoever opens the directory removes them.
 */
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { MillraceError } from '@millrace/base';
import { type BlockSummary, decodeBlock, type EncodedBlock, type StoredLine } from './log-block.ts';
import { WordFilter } from './word-filter.ts';

const magic = 0x4d4c4731;

/** The offset after the last line that is stored, by partition. */
export type NextOffsets = Readonly<Record<string, number>>;

interface Footer {
  readonly blocks: readonly (BlockSummary & {
    readonly at: readonly [from: number, to: number];
    readonly filterTo: number;
  })[];
  /** Of this and all earlier segments. */
  readonly next: NextOffsets;
  /** Numbers of segments that this one has in it. */
  readonly replaces: readonly number[];
}

/** A segment's file can't be read as one. */
export class SegmentError extends MillraceError {
  readonly code = 'segment_damaged';

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(
      `the segment ${path} can't be read: ${reason}; remove it, and what the topic still has is stored again`,
      options,
    );
  }
}

export interface SegmentContent {
  readonly blocks: readonly EncodedBlock[];
  readonly next: NextOffsets;
  readonly replaces: readonly number[];
}

/** Resolves when the segment is on disk under its name. */
export async function writeSegment(path: string, { blocks, next, replaces }: SegmentContent): Promise<void> {
  const partial = `${path}.partial`;
  const file = await open(partial, 'w');
  try {
    let at = 0;
    const told: Footer['blocks'][number][] = [];
    for (const { summary, bytes, filter } of blocks) {
      const from = at;
      const to = from + bytes.length;
      at = to + filter.bits.length;
      await file.write(bytes);
      await file.write(filter.bits);
      told.push({ ...summary, at: [from, to], filterTo: at });
    }
    const footer = zstdCompressSync(JSON.stringify({ blocks: told, next, replaces } satisfies Footer));
    const end = Buffer.alloc(8);
    end.writeUInt32BE(footer.length, 0);
    end.writeUInt32BE(magic, 4);
    await file.write(Buffer.concat([footer, end]));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, path);
  const directory = await open(dirname(path));
  await directory.sync().finally(() => directory.close());
}

export class SegmentFile implements AsyncDisposable {
  readonly path: string;
  readonly number: number;
  readonly sizeInBytes: number;
  readonly blocks: Footer['blocks'];
  readonly next: NextOffsets;
  readonly replaces: readonly number[];
  readonly #file: FileHandle;

  private constructor(at: { path: string; number: number; size: number }, file: FileHandle, footer: Footer) {
    this.path = at.path;
    this.number = at.number;
    this.sizeInBytes = at.size;
    this.#file = file;
    this.blocks = footer.blocks;
    this.next = footer.next;
    this.replaces = footer.replaces;
  }

  /** @throws SegmentError */
  static async open(path: string, number: number): Promise<SegmentFile> {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const end = await read(file, Math.max(0, size - 8), size);
      if (end.length < 8 || end.readUInt32BE(4) !== magic) throw new SegmentError(path, 'it does not end as one');
      const footer = await read(file, size - 8 - end.readUInt32BE(0), size - 8);
      return new SegmentFile({ path, number, size }, file, JSON.parse(zstdDecompressSync(footer).toString()) as Footer);
    } catch (error) {
      await file.close();
      if (error instanceof SegmentError) throw error;
      throw new SegmentError(path, (error as Error).message, { cause: error });
    }
  }

  get lines(): number {
    return this.blocks.reduce((sum, { lines }) => sum + lines, 0);
  }

  /** Time of its newest line. */
  get to(): number {
    return this.blocks.reduce((latest, { to }) => Math.max(latest, to), Number.NEGATIVE_INFINITY);
  }

  async filter(index: number): Promise<WordFilter> {
    const { at, filterTo } = this.#block(index);
    return new WordFilter(await read(this.#file, at[1], filterTo));
  }

  async linesOf(index: number): Promise<StoredLine[]> {
    const block = this.#block(index);
    return decodeBlock(await read(this.#file, ...block.at), block);
  }

  /** A block as it was written. */
  async encoded(index: number): Promise<EncodedBlock> {
    const { at, filterTo: _, ...summary } = this.#block(index);
    return { summary, bytes: await read(this.#file, ...at), filter: await this.filter(index) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  #block(index: number): Footer['blocks'][number] {
    return this.blocks[index] as Footer['blocks'][number];
  }
}

async function read(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.max(0, to - from));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
  if (bytesRead < buffer.length) throw new Error('it ends before its time');
  return buffer;
}
