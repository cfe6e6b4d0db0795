import { MillraceError } from '@millrace/base';

/** Why the embedded PostgreSQL can't be run here. */
export type PostgresProblem =
  | 'postgres_missing'
  | 'postgres_user_missing'
  | 'postgres_version_changed'
  | 'postgres_start_failed';

/** The embedded PostgreSQL can't be had or run; the message says why, and what to do about it. */
export class PostgresError extends MillraceError {
  readonly code: PostgresProblem;

  constructor(code: PostgresProblem, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}
