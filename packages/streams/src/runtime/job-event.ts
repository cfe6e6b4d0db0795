/** What a job tells of itself while it runs. */

import type { DurationCounts } from './duration-histogram.ts';

export interface JobEvent {
  readonly level: 'info' | 'warn' | 'error';
  readonly event:
    | 'job_running'
    | 'tasks_assigned'
    | 'tasks_revoked'
    | 'tasks_lost'
    | 'task_restarted'
    | 'restore_began'
    | 'restore_progress'
    | 'restore_ended'
    | 'standby_retried'
    | 'warmup_ended'
    | 'transaction_given_up'
    | 'record_set_aside'
    | 'result_set_aside'
    | 'job_failed';
  /** A sentence for a person. */
  readonly message: string;
  readonly error?: Error | undefined;
  /** Ids of the tasks that it is about, as `0_2`. */
  readonly tasks?: readonly string[] | undefined;
  /** Of a restore that ended: how many changelog records were read. */
  readonly records?: number | undefined;
}

/** What a job has done since it began, as of now. */
export interface JobMetrics {
  readonly recordsIn: number;
  readonly recordsOut: number;
  /** Records that came too late, by the name of the operator that dropped them. */
  readonly lateRecords: Readonly<Record<string, number>>;
  readonly recordsSetAside: number;
  /** Results of time or of commits that were set aside, which no record makes. */
  readonly resultsSetAside: number;
  readonly commits: number;
  readonly transactionsGivenUp: number;
  /**
   * Records that went into sources, sinks and named operators, and that these sent on or wrote, by name: `words`,
   * `source lines`, `to counts`. Work that was given up and done again is counted again.
   */
  readonly operators: Readonly<Record<string, { readonly recordsIn: number; readonly recordsOut: number }>>;
  /** How long commits took, one by one. */
  readonly commitDurations: DurationCounts;
  /** How long records took, on the average of those that were worked on in one go. */
  readonly recordDurations: DurationCounts;
  /** How long commits took in all, and the last one, in ms. */
  readonly commitMs: number;
  readonly lastCommitMs: number;
  /** Changelog records that were read to restore state. */
  readonly recordsRestored: number;
  /** Changelog records that were read to keep standbys. */
  readonly recordsCopied: number;
  /** Sub-topology and partition of the tasks that run here, as `0_2`. */
  readonly tasks: readonly string[];
  /** Those whose state is being restored, with the changelog offsets to go; undefined before that is known. */
  readonly restoring: Readonly<Record<string, number | undefined>>;
  /** Changelog offsets that each standby here is behind, by the same names; undefined before that is known. */
  readonly standbyLags: Readonly<Record<string, number | undefined>>;
}
