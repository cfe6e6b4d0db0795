/**
 * The cookie that carries a session. Cookies know no ports, so that the port is part of its name: several platforms on
 * one machine would otherwise end each other's sessions.
 */

/** Its name for a browser that calls the server by this Host header. */
export function sessionCookieName(host: string | undefined): string {
  return `millrace-session-${/:(\d{1,5})$/.exec(host ?? '')?.[1] ?? 'default'}`;
}

/** The value of a cookie in a Cookie header; undefined when it is not there. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}
