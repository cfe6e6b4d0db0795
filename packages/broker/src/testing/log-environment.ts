/** For tests: what logs share, with memory that is overwritten as soon as it may be used again. */
import { BufferPool } from '@millrace/base';
import { FileCache } from '../log/file-cache.ts';
import type { LogEnvironment } from '../log/log-environment.ts';
import { TailCache } from '../log/tail-cache.ts';

export interface TestLogs extends Pick<LogEnvironment, 'clock' | 'disk' | 'report' | 'syncGate'> {
  readonly tailBytesMax: number;
  readonly openFilesMax: number;
}

export function logEnvironment({ tailBytesMax, openFilesMax, ...given }: TestLogs): LogEnvironment {
  const buffers = new BufferPool({ scribbles: true });
  const files = new FileCache(given.disk, openFilesMax);
  return { ...given, files, buffers, tails: new TailCache(tailBytesMax, buffers) };
}
