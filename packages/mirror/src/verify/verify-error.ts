import { MillraceError } from '@millrace/base';

/** Where a comparison stopped. */
export interface VerifiedPlace {
  readonly side: 'source' | 'target';
  readonly topic: string;
  readonly partition: number;
}

/** A comparison could not be brought to its end, so it says nothing of whether both sides are equal. */
export class VerifyError extends MillraceError {
  /**
   * `verify_stalled`: a leader gives no records though there are some. `verify_log_changed`: a log was truncated, or
   * lost records that can't be matched with the other side's because there is no offset map. `verify_unreadable`:
   * records are damaged, or in a format or compression that is not known; `cause` says more.
   */
  readonly code: 'verify_stalled' | 'verify_log_changed' | 'verify_unreadable';
  override readonly retriable: boolean;
  readonly place: VerifiedPlace;
  /** Where in that side's log it stopped. */
  readonly offset: number;

  constructor(code: VerifyError['code'], place: VerifiedPlace, offset: number, problem: string, cause?: unknown) {
    const { side, topic, partition } = place;
    super(`the comparison stopped at offset ${offset} of ${topic} [${partition}] in the ${side}: ${problem}`, {
      cause,
    });
    this.code = code;
    this.retriable = code !== 'verify_unreadable';
    this.place = { side, topic, partition };
    this.offset = offset;
  }
}
