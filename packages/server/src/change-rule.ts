/**
 * Who may change something: a page of the same origin, or a caller with the token. Browsers send Origin with every
 * change that a page makes, so a change without it comes from a program, which must show the token; and one with
 * another origin comes from a foreign page, which no token excuses.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { ProblemError } from '@millrace/api';

export interface ChangeRequest {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
}

const readingMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Why the request may not go on, or undefined when it may. */
export function refuseChange(request: ChangeRequest, token: string | undefined): ProblemError | undefined {
  if (readingMethods.has(request.method)) return undefined;
  if (request.origin !== undefined) {
    if (sameOrigin(request.origin, request.host)) return undefined;
    return new ProblemError(
      'origin_not_allowed',
      `a page of ${request.origin} asked for a change; only pages of this server itself may`,
    );
  }
  if (token !== undefined && bearerIs(token, request.authorization)) return undefined;
  return new ProblemError(
    'token_required',
    'a change needs a token: send it as `Authorization: Bearer TOKEN`; a running platform keeps its own in run.json ' +
      'of its data directory',
  );
}

function sameOrigin(origin: string, host: string | undefined): boolean {
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}

/** Compares hashes, so that the time taken tells nothing about the token. */
function bearerIs(token: string, authorization: string | undefined): boolean {
  const given = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  if (given === undefined) return false;
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(token));
}
