/**
 * What the logs of a cluster share, and what is done to all of them: retention, syncs, compaction, and their closing.
 * One log that fails does not keep the others from it. When each is due is `cluster-upkeep.ts`.
 */
import { BufferPool, messageOf, type Platform } from '@millrace/base';
import type { ClusterConfiguration } from './configuration/cluster-configuration.ts';
import { Compactor } from './log/compaction/compactor.ts';
import { FileCache } from './log/file-cache.ts';
import type { Log } from './log/log.ts';
import type { LogEnvironment } from './log/log-environment.ts';
import { SyncGate } from './log/sync-gate.ts';
import { TailCache } from './log/tail-cache.ts';
import type { Partition } from './topics/partition.ts';

export interface ClusterLogsOptions {
  readonly platform: Platform;
  readonly configuration: ClusterConfiguration;
  /** Every write is synced before it counts. */
  readonly durable: boolean;
  /** Most bytes of new records kept in memory; default 64 MiB. */
  readonly tailBytesMax: number | undefined;
  /** Most files open at rest; default 512. */
  readonly openFilesMax: number | undefined;
  /** For tests: memory that is given back is overwritten. */
  readonly scribbles: boolean | undefined;
  /** The partitions that have a log now. */
  readonly all: () => Iterable<Partition>;
  /** Whether long work must end. */
  readonly stopped: () => boolean;
  readonly report: LogEnvironment['report'];
}

const tailBytesMaxDefault = 64 * 1024 * 1024;
const openFilesMaxDefault = 512;
/** Syncs at once, where all writes are synced: half the threads that do them. */
const syncsAtOnce = 2;
/** Logs closed at once at shutdown, each with a few file operations. */
const closingAtOnce = 16;

export class ClusterLogs {
  readonly environment: LogEnvironment;
  readonly #options: ClusterLogsOptions;
  readonly #compactor: Compactor;

  constructor(options: ClusterLogsOptions) {
    this.#options = options;
    const { platform, configuration, stopped, report } = options;
    const { clock, disk } = platform;
    const buffers = new BufferPool({ scribbles: options.scribbles });
    this.environment = {
      clock,
      disk,
      files: new FileCache(disk, options.openFilesMax ?? openFilesMaxDefault),
      buffers,
      tails: new TailCache(options.tailBytesMax ?? tailBytesMaxDefault, buffers),
      syncGate: options.durable ? new SyncGate(syncsAtOnce) : undefined,
      report,
    };
    this.#compactor = new Compactor({ environment: this.environment, platform, configuration, stopped });
  }

  /** Removes what is older or more than each log keeps, and forgets producers that have long been silent. */
  async retain(): Promise<void> {
    const { platform, configuration } = this.#options;
    const expired = platform.clock.now() - configuration.number('producer.id.expiration.ms');
    await this.#tend('apply the retention of', (log) => {
      log.producers.expire(expired);
      return log.retain();
    });
  }

  /** Syncs the logs that are due by `flush.ms`. */
  flushOld(): Promise<void> {
    return this.#tend('sync', (log) => log.flushOld());
  }

  /** Compacts the logs that are due. */
  compact(): Promise<void> {
    const { all } = this.#options;
    return this.#compactor.run(function* () {
      for (const { log, owner } of all()) if (log !== undefined) yield { log, settings: owner.settings };
    });
  }

  /** Closes all logs; never rejects. One that can't be closed cleanly is checked by the next start. */
  async close(): Promise<void> {
    const logs = [...this.#options.all()].map((partition) => partition.openLog());
    for (let first = 0; first < logs.length; first += closingAtOnce) {
      await Promise.all(logs.slice(first, first + closingAtOnce).map((log) => this.#closeLog(log)));
    }
  }

  /** Closes the files that logs leave open, once nothing uses them. Rejects with `DiskError`. */
  closeFiles(): Promise<void> {
    return this.environment.files.close();
  }

  async #closeLog(log: Log): Promise<void> {
    try {
      await log.close();
    } catch (error) {
      const message = `${log.directory} was not closed cleanly: ${messageOf(error)}`;
      this.#options.report({ level: 'warn', message });
    }
  }

  /** Does something to one log after the other. */
  async #tend(what: string, work: (log: Log) => Promise<void> | undefined): Promise<void> {
    const { all, stopped, report } = this.#options;
    for (const { log } of all()) {
      if (stopped()) return;
      try {
        const working = log && work(log);
        if (working !== undefined) await working;
      } catch (error) {
        report({ level: 'error', message: `could not ${what} ${log?.directory}: ${messageOf(error)}` });
      }
    }
  }
}
