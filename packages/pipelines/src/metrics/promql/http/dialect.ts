/**
 * Prometheus's HTTP dialect: every answer is `{"status":"success","data":...}` or `{"status":"error",...}`, and what
 * GET takes as a query string POST takes as a form. Nothing in it changes anything, so that programs need no token
 * where reading is open.
 */
import type { Dialect, ProblemError } from '@millrace/api';
import { isMillraceError } from '@millrace/base';
import { QueryError, type QueryErrorCode } from '../query-error.ts';

/** An answer whose text is made already. */
export class AnswerText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type ErrorType = 'bad_data' | 'execution' | 'timeout' | 'canceled' | 'unavailable' | 'internal' | 'not_found';

const queryErrors: Readonly<Record<QueryErrorCode, { readonly status: number; readonly type: ErrorType }>> = {
  query_invalid: { status: 400, type: 'bad_data' },
  parameter_invalid: { status: 400, type: 'bad_data' },
  query_failed: { status: 422, type: 'execution' },
  query_too_large: { status: 422, type: 'execution' },
  query_timed_out: { status: 503, type: 'timeout' },
  query_canceled: { status: 503, type: 'canceled' },
};

export const prometheusDialect: Dialect = {
  contentType: 'application/json; charset=utf-8',
  bodyTypes: ['application/json'],
  takesForms: true,
  openToPrograms: true,
  encode: (answer) => (answer instanceof AnswerText ? answer.text : JSON.stringify(answer)),
  answerTo(error, problem) {
    if (error instanceof QueryError) {
      const { status, type } = queryErrors[error.code];
      return { status, body: { status: 'error', errorType: type, error: error.message } };
    }
    if (isMillraceError(error) && error.retriable && problem.status === 500) {
      return { status: 503, body: { status: 'error', errorType: 'unavailable', error: error.message } };
    }
    const errorType = typeOfProblem(problem);
    return { status: problem.status, body: { status: 'error', errorType, error: problem.message } };
  },
};

/** `{"status":"success","data":...}` */
export function success(data: unknown, notes: { readonly warnings?: readonly string[] } = {}): AnswerText {
  const { warnings = [] } = notes;
  return new AnswerText(JSON.stringify({ status: 'success', data, ...(warnings.length > 0 && { warnings }) }));
}

function typeOfProblem({ status }: ProblemError): ErrorType {
  if (status === 404) return 'not_found';
  if (status === 503) return 'unavailable';
  return status >= 500 ? 'internal' : 'bad_data';
}
