/** What all logs of a cluster share. */
import type { BufferPool, Clock, Disk } from '@millrace/base';
import type { FileCache } from './file-cache.ts';
import type { SyncGate } from './sync-gate.ts';
import type { TailCache } from './tail-cache.ts';

export interface LogEnvironment {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly files: FileCache;
  /** Memory for what is read and appended. */
  readonly buffers: BufferPool;
  readonly tails: TailCache;
  /** Set: what is appended is synced, through this, before it counts as written. */
  readonly syncGate?: SyncGate | undefined;
  /** Tells the operator of something a log met that concerns no client. */
  readonly report: (event: { readonly level: 'info' | 'warn' | 'error'; readonly message: string }) => void;
}
