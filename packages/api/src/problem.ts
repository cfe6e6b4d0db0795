/**
 * What an HTTP error looks like here: RFC 9457 `application/problem+json` with a stable `code`, and a `detail` that
 * says what happened, to what, and what to do. Clients tell errors apart by `code`, never by text.
 */
import { MillraceError } from '@millrace/base/millrace-error';
import { type Static, Type } from 'typebox';

/** Every code that an answer may carry, with the HTTP status and the title that go with it. */
export const problemCodes = {
  malformed_request: { status: 400, title: 'The request cannot be read' },
  invalid_request: { status: 400, title: 'The request has the wrong shape' },
  token_required: { status: 401, title: 'A token or a login is required' },
  host_not_allowed: { status: 403, title: 'The Host header names another server' },
  origin_not_allowed: { status: 403, title: 'A change may not come from another origin' },
  forbidden: { status: 403, title: 'The caller may not do this' },
  not_found: { status: 404, title: 'There is nothing at this address' },
  method_not_allowed: { status: 405, title: 'The address does not know this method' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  conflict: { status: 409, title: 'Something is not as the request expects it to be' },
  stale_plan: { status: 409, title: 'The plan is no longer what would be done' },
  confirmation_required: { status: 409, title: 'What is destructive has to be confirmed' },
  payload_too_large: { status: 413, title: 'The request body is too large' },
  unsupported_media_type: { status: 415, title: 'The body has a type that is not accepted here' },
  rate_limited: { status: 429, title: 'Too many requests' },
  invalid_declaration: { status: 422, title: 'What would be declared is not sound' },
  headers_too_large: { status: 431, title: 'The request headers are too large' },
  internal_error: { status: 500, title: 'The server failed' },
  unavailable: { status: 503, title: 'The server cannot do this now' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problemCodes;

export const ProblemIssue = Type.Object({
  index: Type.Optional(Type.Integer({ minimum: 0, description: 'Which element of a batch, from 0' })),
  field: Type.String({ description: 'JSON Pointer (RFC 6901) to the field; empty for the value itself' }),
  message: Type.String({ description: 'What is wrong with it, to be read after its name' }),
});
/** One thing that is wrong with a request. */
export type ProblemIssue = Static<typeof ProblemIssue>;

/** The body of every error answer (RFC 9457). */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'about:blank: `code` is what tells problems apart' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable name of the problem' }),
    detail: Type.String({ description: 'What happened, to what, and what to do' }),
    issues: Type.Optional(Type.Array(ProblemIssue, { description: 'Each wrong field of the request' })),
    accepted: Type.Optional(
      Type.Array(Type.Integer(), { description: 'Indexes of the elements of a batch that were accepted all the same' }),
    ),
  },
  { description: 'RFC 9457 problem details' },
);
export type Problem = Static<typeof Problem>;

export interface ProblemOptions {
  readonly issues?: readonly ProblemIssue[] | undefined;
  readonly accepted?: readonly number[] | undefined;
  /** After how many seconds a retry makes sense; becomes the Retry-After header. */
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** An error that a route answers with: thrown by handlers, and by the fetch client when it receives one. */
export class ProblemError extends MillraceError {
  readonly code: ProblemCode;
  override readonly retriable: boolean;
  readonly status: number;
  readonly issues: readonly ProblemIssue[] | undefined;
  readonly accepted: readonly number[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.code = code;
    this.status = problemCodes[code].status;
    this.retriable = code === 'unavailable' || code === 'request_timeout' || code === 'rate_limited';
    this.issues = options.issues;
    this.accepted = options.accepted;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  toProblem(): Problem {
    return {
      type: 'about:blank',
      title: problemCodes[this.code].title,
      status: this.status,
      code: this.code,
      detail: this.message,
      ...(this.issues && { issues: [...this.issues] }),
      ...(this.accepted && { accepted: [...this.accepted] }),
    };
  }
}
