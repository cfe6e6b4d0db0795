/** What a job is given to run with. */
import type { Platform } from '@millrace/base';
import type { Client, Compression, OffsetQuery } from '@millrace/client';
import type { OrderedStore } from '@millrace/store';
import type { JobEvent } from './job-event.ts';

export interface JobOptions {
  /** The cluster that the topics are on. It stays the caller's, who closes it after the job. */
  readonly client: Client;
  /**
   * Where state lies between two runs; one process at a time has it. It stays the caller's. Default: in memory, so that
   * each start restores all state from the changelogs.
   */
  readonly state?: OrderedStore | undefined;
  /**
   * `exactly_once` (default): outputs, changelogs and offsets are one transaction. `at_least_once`: without
   * transactions; after a crash some records are worked on again, and their results are there twice.
   */
  readonly guarantee?: 'exactly_once' | 'at_least_once' | undefined;
  /** Time from the first record of a transaction to its commit, in ms. Default 100; `at_least_once`: 5,000. */
  readonly commitIntervalMs?: number | undefined;
  /** A transaction whose process died is aborted by the cluster after so long, in ms. Default 10,000. */
  readonly transactionTimeoutMs?: number | undefined;
  /** Where to begin in source topics of which nothing was read yet. Default `earliest`. */
  readonly from?: OffsetQuery | undefined;
  /**
   * What becomes of a record that can't be read, or makes a function of the topology throw. `stop` (default): the job
   * fails, having kept nothing of it. A topic: it is written there as it came, with the reason in headers, in the same
   * transaction; nothing else of it is kept. Likewise a result of time or of a commit: its key and value are written.
   */
  readonly poison?: 'stop' | { readonly topic: string } | undefined;
  /**
   * A task that reads several partitions takes the earliest record of all. When one has nothing although it may have
   * more, the task waits; this is how long it waits on when that one is read to its end, in ms. Default 0.
   */
  readonly idleMaxMs?: number | undefined;
  /** Memory for the cache of each store of each task, in bytes, about. Default 64 MiB. */
  readonly cacheBytesMax?: number | undefined;
  /** Of the topics that the job creates; the cluster's default when absent. */
  readonly replicationFactor?: number | undefined;
  /** How much longer than its windows a changelog keeps rows, in ms: a job may stand still so long. Default 7 days. */
  readonly changelogMarginMs?: number | undefined;
  /** How often what was read of repartition topics is deleted, in ms. Default 30,000. */
  readonly purgeIntervalMs?: number | undefined;
  /**
   * Members besides the one that runs a task that keep a copy of its state, following its changelogs: after a member's
   * death its tasks go on there without a restore. Default 0. The same in all processes of the job.
   */
  readonly standbys?: number | undefined;
  /**
   * A task with state moves to another member when that one's copy is no more than so many changelog offsets behind,
   * and warms up there before. Default 10,000.
   */
  readonly acceptableLag?: number | undefined;
  /** Tasks that a member warms up at a time. Default 2. */
  readonly warmupsMax?: number | undefined;
  /** How long state of tasks that went elsewhere stays on disk, in ms: so long they may come back. Default 600,000. */
  readonly stateKeptMs?: number | undefined;
  /** What copies read, in bytes of changelogs a second at most. Default 32 MiB. */
  readonly standbyBytesPerSecond?: number | undefined;
  /**
   * Where this process answers queries (`job.queries()`), as other processes reach it: `10.0.0.7:8080`, or with a
   * scheme. Told to the group.
   */
  readonly applicationServer?: string | undefined;
  /** How outputs are compressed. Default `none`. */
  readonly compression?: Compression | undefined;
  /** Memory for outputs that are not acknowledged yet, in bytes. Default 32 MiB. */
  readonly bufferBytesMax?: number | undefined;
  /** Without a heartbeat for so long other processes take this one's tasks over. Default 45,000. */
  readonly sessionTimeoutMs?: number | undefined;
  readonly heartbeatIntervalMs?: number | undefined;
  /** Clock, timers and randomness; the client's own is the client's. Default: the machine's. */
  readonly platform?: Platform | undefined;
  /** Told of what goes on. Must not throw. */
  readonly report?: ((event: JobEvent) => void) | undefined;
}

/** Options with their defaults. */
export interface JobSettings {
  readonly isExactlyOnce: boolean;
  readonly commitIntervalMs: number;
  readonly transactionTimeoutMs: number;
  readonly from: OffsetQuery;
  readonly poisonTopic: string | undefined;
  readonly idleMaxMs: number;
  readonly cacheBytesMax: number;
  readonly platform: Platform;
  readonly report: (event: JobEvent) => void;
}
