/** Bearer tokens from an OAuth 2 server by the client's own credentials (RFC 6749 section 4.4). */
import { MillraceError } from '@millrace/base';
import type { BearerToken } from '@millrace/client';
import type { TokenEndpoint } from '@millrace/client/java-configuration';

/** The server gave no token. */
export class TokenRefusedError extends MillraceError {
  readonly code = 'token_refused';
  readonly url: string;

  constructor(url: string, reason: string, cause?: unknown) {
    super(`${url} gave no token: ${reason}`, { cause, hint: 'Check client id, secret and scope.' });
    this.url = url;
  }
}

/** Rejects with `TokenRefusedError`, or as `fetch` does. */
export async function fetchToken(endpoint: TokenEndpoint, signal: AbortSignal): Promise<BearerToken> {
  const { url, clientId, clientSecret, scope, extensions } = endpoint;
  const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':');
  const askedAt = Date.now();
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}`, accept: 'application/json' },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) }),
    signal,
  });
  const text = await response.text();
  if (!response.ok) throw new TokenRefusedError(url, `it answered ${response.status} ${text.slice(0, 200)}`);
  const answer = parsed(url, text);
  const { access_token: value, expires_in: seconds } = answer as { access_token?: unknown; expires_in?: unknown };
  if (typeof value !== 'string') throw new TokenRefusedError(url, 'its answer has no access_token');
  return { value, extensions, ...(typeof seconds === 'number' ? { expiresAtMs: askedAt + seconds * 1_000 } : {}) };
}

function parsed(url: string, text: string): object {
  try {
    return Object(JSON.parse(text)) as object;
  } catch (error) {
    throw new TokenRefusedError(url, 'its answer is not JSON', error);
  }
}
