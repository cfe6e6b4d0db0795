/**
 * Turns whatever was thrown while a request was handled into a problem. What a handler meant for the client is a
 * `ProblemError`; what Fastify refuses is translated by its code; an operating failure that a retry may cure is a 503
 * with its own sentence; everything else is a 500 that tells the client nothing of our insides and the log everything.
 */
import { type ProblemCode, ProblemError } from '@millrace/api';
import { isMillraceError } from '@millrace/base';

/** What the answer should say. */
export function problemOf(error: unknown, limits: { readonly bodyBytesMax: number }): ProblemError {
  if (isMillraceError(error)) {
    if (error instanceof ProblemError) return error;
    if (error.retriable) {
      return new ProblemError('unavailable', error.message, { cause: error, retryAfterSeconds: 1 });
    }
    return internal(error);
  }
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const known = fastifyProblems[code];
  if (known) return new ProblemError(known[0], known[1](limits.bodyBytesMax), { cause: error });
  return internal(error);
}

function internal(cause: unknown): ProblemError {
  return new ProblemError('internal_error', 'the server failed on this request; its log has the details', { cause });
}

const fastifyProblems: Record<string, [ProblemCode, (bodyBytesMax: number) => string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [
    'payload_too_large',
    (max) => `the body is larger than the ${sizeText(max)} that are accepted here; send it in smaller parts`,
  ],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported_media_type',
    () => 'the body must be JSON; send it with `Content-Type: application/json`',
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'malformed_request',
    () => 'the body does not have the length that Content-Length says; it may have been cut on the way',
  ],
  FST_ERR_BAD_URL: ['malformed_request', () => 'the URL has a malformed percent escape'],
};

/** A number of bytes for people: `1 MiB`, `64 KiB`, `100 bytes`. */
export function sizeText(bytes: number): string {
  if (bytes >= 2 ** 20 && bytes % 2 ** 20 === 0) return `${bytes / 2 ** 20} MiB`;
  if (bytes >= 2 ** 10 && bytes % 2 ** 10 === 0) return `${bytes / 2 ** 10} KiB`;
  return `${bytes} bytes`;
}
