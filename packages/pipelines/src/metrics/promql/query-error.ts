/** What stops a query: it is no PromQL, it can't be carried out, it took too much, or nobody waits for it any more. */
import { MillraceError } from '@millrace/base';

export type QueryErrorCode =
  /** The text is no PromQL. */
  | 'query_invalid'
  /** What is asked besides the text can't be meant. */
  | 'parameter_invalid'
  /** It can't be answered with the series that there are. */
  | 'query_failed'
  | 'query_too_large'
  | 'query_timed_out'
  | 'query_canceled';

export class QueryError extends MillraceError {
  readonly code: QueryErrorCode;
  override readonly retriable: boolean;

  constructor(code: QueryErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
    this.retriable = code === 'query_timed_out';
  }
}

/** A query that is right, but not of these series. */
export function queryFailed(message: string): QueryError {
  return new QueryError('query_failed', message);
}
