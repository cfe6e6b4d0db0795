import { MillraceError } from '@millrace/base';

/** SQL that PostgreSQL's own parser refuses, or that is no SQL for a server at all. */
export class SqlSyntaxError extends MillraceError {
  readonly code = 'sql_syntax';
  /** Both from 1 on. */
  readonly line: number;
  readonly column: number;

  constructor(sentence: string, line: number, column: number) {
    super(`line ${line}, column ${column}: ${sentence}`);
    this.line = line;
    this.column = column;
  }
}
