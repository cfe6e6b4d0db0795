import { MillraceError } from '@millrace/base';

/**
 * The command line is wrong: an unknown option, a missing operand, a value of the wrong shape. Ends with exit code 2.
 */
export class UsageError extends MillraceError {
  readonly code = 'usage';
}
