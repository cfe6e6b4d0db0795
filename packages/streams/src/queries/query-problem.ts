/** Why a query has no answer, as whoever asked is told. */

/** Statuses by code. */
const statuses = {
  invalid_query: 400,
  not_allowed: 403,
  unknown_store: 404,
  not_found: 404,
  method_not_allowed: 405,
  query_failed: 500,
  restoring: 503,
  moving: 503,
  unreachable: 503,
} as const;

export type QueryProblemCode = keyof typeof statuses;

/** Thrown within a query; never seen outside. */
export class QueryProblem extends Error {
  readonly code: QueryProblemCode;

  constructor(code: QueryProblemCode, message: string) {
    super(message);
    this.code = code;
  }

  toResponse(): Response {
    const status = statuses[this.code];
    const headers: Record<string, string> = status === 503 ? { 'retry-after': '1' } : {};
    return Response.json({ code: this.code, message: this.message }, { status, headers });
  }
}
