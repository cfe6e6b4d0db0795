import { MillraceError } from '@millrace/base';

/** A comparison could not be brought to its end, so it says nothing of whether both sides are equal. */
export class VerifyError extends MillraceError {
  /**
   * `verify_stalled`: a leader gives no records though there are some. `verify_log_changed`: a log was truncated, or
   * lost records that can't be matched with the other side's because there is no offset map.
   */
  readonly code: 'verify_stalled' | 'verify_log_changed';
  override readonly retriable = true;
  readonly topic: string;
  readonly partition: number;
  /** Where in that side's log it stopped. */
  readonly offset: number;

  constructor(code: VerifyError['code'], place: { topic: string; partition: number }, offset: number, problem: string) {
    super(`the comparison of ${place.topic} [${place.partition}] stopped at offset ${offset}: ${problem}`);
    this.code = code;
    this.topic = place.topic;
    this.partition = place.partition;
    this.offset = offset;
  }
}
