import { MillraceError } from '@millrace/base';

/** A change stopped in the middle. What was done stays, and the same command goes on from there. */
export class ApplyError extends MillraceError {
  readonly code: 'gave_up' | 'too_slow' | 'step_failed' | 'being_applied' | 'in_use' | 'no_version';
  override readonly retriable: boolean;

  constructor(code: ApplyError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.retriable = code === 'gave_up' || code === 'being_applied';
  }
}
