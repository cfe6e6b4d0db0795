/**
 * How far a file was read, and by what it is known again: where it lies on disk (device and inode), and digests of its
 * first bytes and of those right before the position. A file that was truncated, or another one in its place, differs
 * there; a copy of it does not.
 */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

export const marginBytes = 1_024;

export interface FilePosition {
  readonly path: string;
  readonly device: string;
  readonly inode: string;
  /** Where the next record begins, in bytes. */
  readonly offset: number;
  /** Digest of the first `marginBytes`, or of all before the offset. */
  readonly head: string;
  /** Likewise of the last before the offset. */
  readonly tail: string;
}

/** Where a file lies. */
export interface FilePlace {
  readonly device: string;
  readonly inode: string;
}

export async function placeOf(handle: FileHandle): Promise<FilePlace & { size: number; changedNs: bigint }> {
  const { dev, ino, size, mtimeNs } = await handle.stat({ bigint: true });
  return { device: String(dev), inode: String(ino), size: Number(size), changedNs: mtimeNs };
}

export function isSamePlace(one: FilePlace, other: FilePlace): boolean {
  return one.device === other.device && one.inode === other.inode;
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
}

/** Whether a file has before the offset what the position says. */
export async function holds(handle: FileHandle, { offset, head, tail }: FilePosition): Promise<boolean> {
  const length = Math.min(marginBytes, offset);
  const first = await readAt(handle, 0, length);
  const last = await readAt(handle, offset - length, length);
  return first.length === length && last.length === length && digestOf(first) === head && digestOf(last) === tail;
}

/** Reads so many bytes, or those that there are. */
export async function readAt(handle: FileHandle, from: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
