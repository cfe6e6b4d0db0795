/** What a change may cost others. Times are in ms. */
export interface ApplyLimits {
  /** How long a change waits for a lock, and others behind it. */
  readonly lockTimeoutMs: number;
  /** How long a transaction that holds strong locks may take in all, the waiting included. */
  readonly holdMs: number;
  /** Transactions older than this that use a table are waited for before its lock is asked for. */
  readonly oldTransactionMs: number;
  /** For how long a lock is tried for before the change gives up. */
  readonly giveUpMs: number;
  /** How long a batch of a backfill shall take; its size follows. */
  readonly batchMs: number;
  /** Rests between batches, as a multiple of what a batch took. */
  readonly restFactor: number;
  /** Backfills rest while a replica is further behind than this. */
  readonly replayLagMs: number;
  /** And while one has more than this of the log to replay, in bytes: of one that stands still no time is known. */
  readonly replayLagBytes: number;
  /** Backfills rest while a replication slot holds more of the log than this, in bytes, whether it is read or not. */
  readonly slotLagBytes: number;
}

export const applyLimitsDefault: ApplyLimits = {
  lockTimeoutMs: 500,
  holdMs: 1_500,
  oldTransactionMs: 300,
  giveUpMs: 3_600_000,
  batchMs: 100,
  restFactor: 1,
  replayLagMs: 2_000,
  replayLagBytes: 128 * 1024 * 1024,
  slotLagBytes: 256 * 1024 * 1024,
};
