/** How much a mirror fetches at once, and who is told. */
import type { MillraceError } from '@millrace/base';
import { InvalidOptionError } from '@millrace/client';
import type { ByteLimit } from '../limits/byte-limit.ts';
import type { MirrorOptions } from '../mirror.ts';
import type { MirrorReport } from '../mirror-event.ts';

export interface SourceReaderOptions {
  /** Most bytes that one request asks for, and for one partition. */
  readonly requestBytesMax: number;
  readonly partitionBytesMax: number;
  /** Most bytes that are fetched ahead of partitions' positions, over distance. */
  readonly aheadBytesMax: number;
  /** Most bytes that should be fetched, and not stored yet, at a time. */
  readonly memoryBytesMax: number;
  /** How long a request waits at the broker for data. */
  readonly waitMs: number;
  /** How quickly it may fetch. Default: as quickly as it can. */
  readonly limit?: ByteLimit | undefined;
  /** Of two partitions that one broker leads the one of the greater number is asked for first. Default: in turn. */
  readonly priority?: ((topic: string) => number) | undefined;
  /** For tests: overwrites the memory of what was fetched when it is released. */
  readonly scribbles?: boolean | undefined;
  /** For tests: no later version of Fetch is used, as with brokers that know none. */
  readonly fetchVersionMax?: number | undefined;
  /** Told over how many connections a broker is read that is so far away, whenever that changes. */
  readonly onLanes?: ((nodeId: number, farMs: number, count: number) => void) | undefined;
  /** Told of errors that another try does not cure; it is tried again all the same, after a minute. */
  readonly onFatal: (error: MillraceError) => void;
}

const fetchBytesMaxDefault = 4 * 1024 * 1024;
const memoryBytesMaxDefault = 256 * 1024 * 1024;
const waitMs = 500;

/** Throws `InvalidOptionError`. */
export function checkMemory(memoryBytesMax: number | undefined): void {
  if (memoryBytesMax !== undefined && !(memoryBytesMax > 0)) {
    throw new InvalidOptionError('memoryBytesMax', `must be more than 0; it is ${memoryBytesMax}`);
  }
}

/** What the options of a mirror mean for its reader. */
export function sourceReaderOptions(
  options: MirrorOptions,
  limit: ByteLimit | undefined,
  report: MirrorReport,
): SourceReaderOptions {
  const { fetchBytesMax = fetchBytesMaxDefault, memoryBytesMax = memoryBytesMaxDefault } = options;
  const { priority, scribbles, fetchVersionMax } = options;
  return {
    requestBytesMax: 4 * fetchBytesMax,
    partitionBytesMax: fetchBytesMax,
    aheadBytesMax: 16 * fetchBytesMax,
    memoryBytesMax,
    waitMs,
    limit,
    priority,
    scribbles,
    fetchVersionMax,
    onLanes: (nodeId, farMs, count) => {
      const distance = farMs === 0 ? 'near' : `${Math.round(farMs)} ms away`;
      const message = `broker ${nodeId} of the source is ${distance}; it is read over ${count} connections`;
      report({ level: 'info', event: 'source_connections', message });
    },
    onFatal: (error) => report({ level: 'error', event: 'source_failed', message: error.message, error }),
  };
}
