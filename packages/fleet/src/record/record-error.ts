import { ProblemError, type ProblemIssue } from '@millrace/api';

/** Something that was to be changed is not as whoever asked has seen it; nothing was changed. */
export class RecordConflictError extends ProblemError {
  readonly kind: string;
  readonly id: string;
  readonly expected: number;
  /** 0: it is not declared. */
  readonly actual: number;

  constructor(kind: string, id: string, expected: number, actual: number) {
    const now = actual === 0 ? 'not declared' : `of revision ${actual}`;
    const then = expected === 0 ? 'new' : `of revision ${expected}`;
    super('conflict', `${kind} ${id} is ${now} and was expected to be ${then}; look at it again`);
    this.kind = kind;
    this.id = id;
    this.expected = expected;
    this.actual = actual;
  }
}

/** The fleet as it would be declared is not sound; nothing was changed. */
export class InvalidDeclarationError extends ProblemError {
  /** All that is wrong; fields begin with kind and id. */
  constructor(issues: readonly ProblemIssue[]) {
    const [first] = issues;
    const more = issues.length > 1 ? `, and ${issues.length - 1} more: see issues` : '';
    super('invalid_declaration', `${first?.field ?? ''} ${first?.message ?? ''}${more}`, { issues });
  }
}
