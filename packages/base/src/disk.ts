/**
 * Files as the broker sees them. `node-disk.ts` implements it on the file system; a simulation implements it in memory,
 * with torn writes, failures and lost unsynced data. Paths are absolute, with `/` between parts.
 */
import { MillraceError } from './millrace-error.ts';

export interface DiskSpace {
  readonly totalBytes: number;
  /** What this user may still take. */
  readonly usableBytes: number;
}

export interface Disk {
  /** Opens a file for reading and writing; `create` makes it (and nothing above it) if it is absent. */
  open(path: string, options: { readonly create: boolean }): Promise<DiskFile>;
  /** A whole file, or undefined when there is none. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** Replaces a file atomically: after a crash it holds the old bytes or the new ones. Synced when `sync` is set. */
  writeFileAtomic(path: string, content: Uint8Array, options: { readonly sync: boolean }): Promise<void>;
  /** Makes a directory and those above it; no error when it exists. */
  makeDirectory(path: string): Promise<void>;
  /** The entries of a directory, sorted by name; empty when there is none. */
  list(path: string): Promise<DiskEntry[]>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a directory with all below it; no error when it is absent. */
  remove(path: string): Promise<void>;
  /** Makes created, renamed and removed entries of a directory durable. */
  syncDirectory(path: string): Promise<void>;
  /** How large the file system that holds a path is, and how much of it is left. Absent where there is none. */
  space?(path: string): Promise<DiskSpace>;
}

export interface DiskEntry {
  readonly name: string;
  readonly isDirectory: boolean;
  /** Bytes; 0 for a directory. */
  readonly size: number;
}

/**
 * An open file. Reads and writes are positional and may overlap in time; the caller orders those that touch the same
 * bytes.
 */
export interface DiskFile {
  /** Bytes in the file now. */
  size(): Promise<number>;
  /** Reads up to `target.length` bytes at `position`; answers how many were read: fewer only at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>;
  /**
   * Writes all chunks one after the other from `position` on; rejects with `DiskError` when not all of it was written.
   */
  write(chunks: readonly Uint8Array[], position: number): Promise<void>;
  /** Makes everything written so far survive a loss of power. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** A file operation failed. */
export class DiskError extends MillraceError {
  readonly code: 'disk_full' | 'no_access' | 'disk_failed';
  readonly path: string;

  constructor(code: DiskError['code'], operation: string, path: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const sentence: Record<DiskError['code'], string> = {
      disk_full: `the disk is full: could not ${operation} ${path}; free some space`,
      no_access: `no permission to ${operation} ${path}; check the owner and mode of the file and its folder`,
      disk_failed: `could not ${operation} ${path}: ${reason}`,
    };
    super(sentence[code], { cause });
    this.code = code;
    this.path = path;
  }
}
