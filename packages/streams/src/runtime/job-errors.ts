/** What ends a job, or keeps it from beginning. */
import { MillraceError, messageOf } from '@millrace/base';

/** A record that can't be worked on, where the job is to stop for that. */
export class PoisonRecordError extends MillraceError {
  readonly code = 'poison_record';
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;

  constructor(place: { topic: string; partition: number; offset: number }, cause: unknown) {
    super(
      `the record at ${place.topic} [${place.partition}] offset ${place.offset} can't be worked on: ` +
        `${messageOf(cause)}; correct the topology, or have such records set aside with { poison: { topic } }`,
      { cause },
    );
    this.topic = place.topic;
    this.partition = place.partition;
    this.offset = place.offset;
  }
}

/** A result that no record makes (of a window that closes, say) can't be sent on, where the job is to stop for that. */
export class PoisonResultError extends MillraceError {
  readonly code = 'poison_result';
  readonly store: string;

  constructor(result: string, store: string, cause: unknown) {
    super(
      `${result} can't be worked on: ${messageOf(cause)}; correct the topology, or have such results set aside with ` +
        '{ poison: { topic } }',
      { cause },
    );
    this.store = store;
  }
}

/** State, or the topics that hold it, that do not fit the topology. */
export class StateMismatchError extends MillraceError {
  readonly code = 'state_mismatch';
}

/** A record would make a row of state whose key is longer than the store takes. */
export class StateKeyError extends MillraceError {
  readonly code = 'state_key_too_long';

  constructor(bytes: number, bytesMax: number) {
    super(`a key of state would have ${bytes} bytes with what the store adds to it, of which at most ${bytesMax} fit`);
  }
}

/** Transactions were given up again and again without one being committed. */
export class JobStuckError extends MillraceError {
  readonly code = 'job_stuck';
  override readonly retriable = true;

  constructor(attempts: number, cause: unknown) {
    super(`${attempts} transactions in a row were given up, the last one since ${messageOf(cause)}`, { cause });
  }
}
