import { MillraceError } from '@millrace/base';

/** No safe way is known to what a statement wants. */
export class PlanError extends MillraceError {
  readonly code = 'no_safe_way';
  readonly line: number;

  constructor(line: number, sentence: string) {
    super(`line ${line}: ${sentence}`);
    this.line = line;
  }
}
