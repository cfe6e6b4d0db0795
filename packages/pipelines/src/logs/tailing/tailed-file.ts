/**
 * One log that is followed through its rotations: which file is being read, and what comes next.
 *
 * - Renamed: the open file is read to its end, and on until nothing came for `graceMs` after another file took its
 *   name; then files that came between, then the one of the name.
 * - Copied and truncated: what is before the position differs from what was read, so the copy is looked for, read
 *   to its end, and then the log from its start.
 * - Both hold after a restart too, since a position knows its file again.
 *
 * Each read takes the bytes before the position along and compares them, so that a file which was truncated and has
 * grown again is never read on in its middle. It moves on only by `advance`, when what was read is stored.
 */
import type { FileHandle } from 'node:fs/promises';
import type { Joining } from '../line/join-lines.ts';
import { cutRecords } from './cut-records.ts';
import { digestOf, type FilePosition, holds, isSamePlace, marginBytes, placeOf, readAt } from './file-position.ts';
import { findRotated, nextRotated, openIfThere } from './rotated-files.ts';

export interface TailedFileOptions {
  readonly path: string;
  /** Where it was left. */
  readonly position?: FilePosition | undefined;
  /** Without a position: from its start or, what is there already left out, its end. */
  readonly from: 'start' | 'end';
  readonly joining: Joining;
  /** How long a record waits for lines that go on with it. */
  readonly joinMs: number;
  readonly graceMs: number;
  /** Whether the end of the file is the end of it all, as for an import. */
  readonly isOnce: boolean;
  /** Told what may have cost lines, as a sentence. */
  readonly warn: (message: string) => void;
}

/** What was read, and where the file stands once that is stored. */
export interface ReadRecords {
  readonly records: readonly string[];
  readonly position: FilePosition;
  readonly tail: Buffer;
  readonly head: Buffer;
}

const chunkBytes = 1024 * 1024;
const lineBytesMax = 256 * 1024;

export class TailedFile implements AsyncDisposable {
  readonly path: string;
  readonly #options: TailedFileOptions;
  #handle: FileHandle | undefined;
  /** Whether the open file is not, or no longer, the one of the path. */
  #isRotated = false;
  #offset = 0;
  #head: Buffer = Buffer.alloc(0);
  #tail: Buffer = Buffer.alloc(0);
  #position: FilePosition | undefined;
  #isFirst = true;
  #isDone = false;
  /** Size and time of the file when it was last read to its end, and since when that is so (monotonic). */
  #still: { readonly size: number; readonly changedNs: bigint; readonly sinceMs: number } | undefined;

  constructor(options: TailedFileOptions) {
    this.path = options.path;
    this.#options = options;
    this.#position = options.position;
  }

  /** Whether an import has come to the end of the file. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** The next records; undefined when there are none yet. Not again before `advance` was called for the last. */
  async read(): Promise<ReadRecords | undefined> {
    this.#handle ??= await this.#open();
    const handle = this.#handle;
    if (handle === undefined) return undefined;
    const place = await placeOf(handle);
    if (place.size < this.#offset) return this.#truncated();
    const { isQuiet, isOver, isOld } = this.#stillness(place);
    if (isOld && (place.size === this.#offset || !(isQuiet || isOver))) return this.#atEnd(isOver);
    const before = this.#tail.length;
    const bytes = await readAt(handle, this.#offset - before, before + chunkBytes);
    if (bytes.length < before || !bytes.subarray(0, before).equals(this.#tail)) return this.#truncated();
    const data = bytes.subarray(before);
    const isEnd = bytes.length < before + chunkBytes;
    if (isEnd && !isOld) this.#still = { ...place, sinceMs: performance.now() };
    const { joining } = this.#options;
    let cut = cutRecords(data, joining, { isEnd: isEnd && isQuiet, isLast: isEnd && isOver, lineBytesMax });
    // One record as long as the chunk ends with it.
    if (cut.bytes === 0 && !isEnd) cut = cutRecords(data, joining, { isEnd: true, isLast: false, lineBytesMax });
    if (cut.bytes > 0) return this.#result(cut.records, data.subarray(0, cut.bytes), place);
    return this.#atEnd(isOver && data.length === 0);
  }

  /** Moves behind what was read: it is stored. */
  advance({ position, head, tail }: ReadRecords): void {
    this.#offset = position.offset;
    this.#head = head;
    this.#tail = tail;
    this.#position = position;
    this.#still = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  /** Since when the file is as it is. `isOld`: it is as it was when it was last read. */
  #stillness(place: { readonly size: number; readonly changedNs: bigint }) {
    const { isOnce, joinMs, graceMs } = this.#options;
    const still = this.#still;
    const isOld = still !== undefined && still.size === place.size && still.changedNs === place.changedNs;
    if (!isOld) this.#still = undefined;
    const quietMs = isOld ? performance.now() - still.sinceMs : 0;
    const ageMs = Date.now() - Number(place.changedNs / 1_000_000n);
    const isOver = isOnce || (this.#isRotated && Math.max(quietMs, ageMs) >= graceMs);
    return { isOld, isQuiet: quietMs >= joinMs, isOver };
  }

  #result(records: readonly string[], data: Buffer, place: { device: string; inode: string }): ReadRecords {
    const tail = Buffer.from(Buffer.concat([this.#tail, data.subarray(-marginBytes)]).subarray(-marginBytes));
    const missing = marginBytes - this.#head.length;
    const head = missing > 0 ? Buffer.concat([this.#head, data.subarray(0, missing)]) : this.#head;
    const { device, inode } = place;
    const offset = this.#offset + data.length;
    const position = { path: this.path, device, inode, offset, head: digestOf(head), tail: digestOf(tail) };
    return { records, position, head, tail };
  }

  async #atEnd(isOver: boolean): Promise<undefined> {
    if (this.#options.isOnce) this.#isDone = isOver;
    else if (!this.#isRotated) await this.#noteRotation();
    else if (isOver) await this.#moveOn();
    return undefined;
  }

  /** Whether another file has taken the name. While none has, the old one may still be written. */
  async #noteRotation(): Promise<void> {
    if (this.#isRotated || this.#handle === undefined) return;
    const now = await openIfThere(this.path);
    if (now === undefined) return;
    this.#isRotated = !isSamePlace(await placeOf(now), await placeOf(this.#handle));
    await now.close();
  }

  /** To the file after the one that was read to its end. */
  async #moveOn(): Promise<void> {
    const done = this.#handle as FileHandle;
    const next = await nextRotated(this.path, done);
    await done.close();
    this.#start(next?.handle, next !== undefined);
  }

  #start(handle: FileHandle | undefined, isRotated: boolean): void {
    this.#handle = handle;
    this.#isRotated = isRotated;
    this.#offset = 0;
    this.#head = Buffer.alloc(0);
    this.#tail = Buffer.alloc(0);
    this.#position = undefined;
    this.#isFirst = false;
    this.#still = undefined;
  }

  async #truncated(): Promise<undefined> {
    const position = this.#position;
    const copy = position === undefined ? undefined : await findRotated(this.path, position);
    if (copy !== undefined) {
      await this.#handle?.close();
      this.#handle = copy.handle;
      this.#isRotated = true;
      this.#still = undefined;
      return undefined;
    }
    if (this.#isRotated) this.#options.warn(`${this.path}: a rotated file was truncated while it was read`);
    await this.#handle?.close();
    this.#start(undefined, false);
    return undefined;
  }

  async #open(): Promise<FileHandle | undefined> {
    const { path, from } = this.#options;
    const handle = await openIfThere(path);
    const position = this.#position;
    if (position !== undefined) {
      const isIt = handle !== undefined && (await isFileOf(handle, position));
      const file = isIt ? { handle } : await findRotated(path, position);
      if (file !== undefined) {
        if (!isIt) await handle?.close();
        await this.#resume(file.handle, position, !isIt);
        return file.handle;
      }
      if (handle === undefined) return undefined;
      this.#options.warn(`${path}: the file that was being read is gone; lines at its end may be missing`);
      this.#position = undefined;
    }
    if (handle !== undefined && this.#isFirst && from === 'end' && position === undefined) await this.#skip(handle);
    this.#isFirst = false;
    return handle;
  }

  async #resume(handle: FileHandle, position: FilePosition, isRotated: boolean): Promise<void> {
    const length = Math.min(marginBytes, position.offset);
    this.#head = await readAt(handle, 0, length);
    this.#tail = await readAt(handle, position.offset - length, length);
    this.#offset = position.offset;
    this.#isRotated = isRotated;
    this.#isFirst = false;
  }

  /** Begins after the last whole line that is there. */
  async #skip(handle: FileHandle): Promise<void> {
    const { size } = await placeOf(handle);
    const end = await readAt(handle, Math.max(0, size - lineBytesMax), lineBytesMax);
    const offset = Math.max(0, size - end.length) + end.lastIndexOf(10) + 1;
    const length = Math.min(marginBytes, offset);
    this.#head = await readAt(handle, 0, length);
    this.#tail = await readAt(handle, offset - length, length);
    this.#offset = offset;
    const { device, inode } = await placeOf(handle);
    this.#position = { path: this.path, device, inode, offset, head: digestOf(this.#head), tail: digestOf(this.#tail) };
  }
}

async function isFileOf(handle: FileHandle, position: FilePosition): Promise<boolean> {
  const place = await placeOf(handle);
  return isSamePlace(place, position) && place.size >= position.offset && (await holds(handle, position));
}
