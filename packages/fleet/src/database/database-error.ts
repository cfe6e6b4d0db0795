import { isMillraceError, MillraceError, messageOf } from '@millrace/base';

/** The system of record could not be asked, or is not what this version can work with. */
export class DatabaseError extends MillraceError {
  readonly code: 'migration_changed' | 'migration_failed' | 'database_failed';
  override readonly retriable: boolean;

  constructor(code: DatabaseError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.retriable = code === 'database_failed';
  }
}

/** Another process has taken over the work for which something was to be written; nothing was. */
export class LeaseLostError extends MillraceError {
  readonly code = 'lease_lost';

  constructor(name: string) {
    super(`another process has taken over ${name}`);
  }
}

/** What a driver threw, as an error of ours; errors of ours, and defects, stay what they are. */
export function databaseError(error: unknown, action: string): unknown {
  const isDefect = error instanceof TypeError || error instanceof RangeError || !(error instanceof Error);
  if (isDefect || isMillraceError(error)) return error;
  return new DatabaseError('database_failed', `${action}: ${messageOf(error)}`, error);
}
