/** What can go wrong between a sidecar and the programs that use it. */
import { MillraceError } from '@millrace/base';

/** A program's connection can't go on, through its own doing. */
export class ProgramRefusedError extends MillraceError {
  readonly code = 'program_refused';
  readonly reason: 'login' | 'protocol' | 'limit';

  constructor(reason: ProgramRefusedError['reason'], problem: string) {
    super(problem);
    this.reason = reason;
  }
}
