/** Failures of a target database that are not its network's. */
import { MillraceError } from '@millrace/base';

/** A change can't be applied as it is. */
export class TargetError extends MillraceError {
  readonly code = 'target_refused';
}

/** Somebody else applies under the same name. */
export class ApplierFencedError extends MillraceError {
  readonly code = 'applier_fenced';
}
