import { MillraceError } from '@millrace/base';

/** What the target says of a failover can't be understood. */
export class FailoverRecordError extends MillraceError {
  readonly code = 'failover_record_invalid';
  readonly topic: string;

  constructor(topic: string, problem: string, cause?: unknown) {
    super(`the record of the failover of topic ${topic} can't be read: ${problem}; use the version that wrote it`, {
      cause,
    });
    this.topic = topic;
  }
}

/** A worker was started of a mirror that was failed over, and must not copy on. */
export class MirrorFailedOverError extends MillraceError {
  readonly code = 'mirror_failed_over';
  readonly mirrorName: string;

  constructor(name: string, at: number) {
    const when = new Date(at).toISOString();
    super(`mirror ${name} was failed over on ${when} and copies nothing more in this direction: fail it back`);
    this.mirrorName = name;
  }
}

/** A worker was started of the way back of a mirror that was failed over, and not back. */
export class MirrorNotFailedBackError extends MillraceError {
  readonly code = 'mirror_not_failed_back';
  readonly mirrorName: string;

  constructor(name: string, forward: string) {
    const where = 'where this one begins, so that nothing is copied twice';
    super(`mirror ${forward} was failed over, and mirror ${name} does not begin by itself: a failback says ${where}`, {
      hint: `run \`millrace mirror failback\` for mirror ${forward}`,
    });
    this.mirrorName = name;
  }
}

/** A step of a failover or failback could not be done; it may be begun again. */
export class FailoverError extends MillraceError {
  /**
   * `failover_unfenced`: some writers can't be fenced. `failover_fence_unconfirmed`: not all brokers know it yet.
   * `failover_transactions_open`: transactions are not decided. `failover_not_drained`: not all is copied.
   * `failover_still_written`: somebody writes to the source who was thought not to. `failover_workers_run`: workers
   * run that can't be fenced. `failover_topics_unknown`: the mirror copies no such topics in this direction.
   * `failover_begun_by_force`: it can't go on as a planned one. `failover_too_late`: copying has ended, so that it
   * can't be called off. `failover_target_truncated`: the target has lost records that were copied.
   * `failover_group_live`: a group to be moved has members. `failback_not_failed_over`: nothing
   * to go back from. `failback_tail_unsaved`: records would be destroyed of which nobody has said that they may be.
   * `failback_raced`: another failback goes on meanwhile. `failback_begun`: the mirror that goes back has copied
   * already what it is to begin with.
   */
  readonly code:
    | 'failover_unfenced'
    | 'failover_fence_unconfirmed'
    | 'failover_transactions_open'
    | 'failover_not_drained'
    | 'failover_still_written'
    | 'failover_workers_run'
    | 'failover_topics_unknown'
    | 'failover_begun_by_force'
    | 'failover_too_late'
    | 'failover_target_truncated'
    | 'failover_group_live'
    | 'failback_not_failed_over'
    | 'failback_tail_unsaved'
    | 'failback_raced'
    | 'failback_begun';

  constructor(code: FailoverError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
