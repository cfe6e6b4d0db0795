/** The cookies that browsers get. No script can read them, and no page of another site makes a browser send them. */
import { sessionCookieName } from '@millrace/api';
import { loginMs } from './logins.ts';
import { sessionMs } from './sessions.ts';

/** What of a request says how the browser calls the server. */
export interface Called {
  readonly host: string | undefined;
  /** Through TLS, which a proxy ends. */
  readonly secure: boolean;
}

export function sessionCookie(called: Called, id: string): string {
  return cookie(called, sessionCookieName(called.host), id, sessionMs, 'SameSite=Strict; Path=/');
}

export function endedSessionCookie(called: Called): string {
  return cookie(called, sessionCookieName(called.host), '', 0, 'SameSite=Strict; Path=/');
}

export function loginCookieName(host: string | undefined): string {
  return sessionCookieName(host).replace('session', 'login');
}

/** Binds a login to the browser that began it. Lax: the browser comes back from the provider's site. */
export function loginCookie(called: Called, value: string): string {
  return cookie(called, loginCookieName(called.host), value, loginMs, 'SameSite=Lax; Path=/api/v1/login');
}

function cookie({ secure }: Called, name: string, value: string, ageMs: number, scope: string): string {
  return `${name}=${value}; Max-Age=${ageMs / 1000}; HttpOnly; ${scope}${secure ? '; Secure' : ''}`;
}
