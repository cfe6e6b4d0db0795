/** What a job tells of itself while it runs. */

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
    | 'transaction_given_up'
    | 'record_set_aside'
    | 'job_failed';
  /** A sentence for a person. */
  readonly message: string;
  readonly error?: Error | undefined;
}

/** What a job has done since it began, as of now. */
export interface JobMetrics {
  readonly recordsIn: number;
  readonly recordsOut: number;
  /** Records that came too late, by the name of the operator that dropped them. */
  readonly lateRecords: Readonly<Record<string, number>>;
  readonly recordsSetAside: number;
  readonly commits: number;
  readonly transactionsGivenUp: number;
  /** How long commits took in all, and the last one, in ms. */
  readonly commitMs: number;
  readonly lastCommitMs: number;
  /** Changelog records that were read to restore state. */
  readonly recordsRestored: number;
  /** Sub-topology and partition of the tasks that run here, as `0_2`. */
  readonly tasks: readonly string[];
}
