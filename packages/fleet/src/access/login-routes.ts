/**
 * A login with the provider, from the browser's first step to its session, or to the token of a command that waits on
 * the browser's machine.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { cookieOf, implement, type PageAnswer, ProblemError, type Route, type RouteRequest } from '@millrace/api';
import { loginCallbackContract, loginContract, loginTokenContract } from '@millrace/api/fleet';
import { type Called, loginCookie, loginCookieName, sessionCookie } from './browser-cookies.ts';
import type { LoginProvider } from './login-provider.ts';
import type { Logins, ProviderLogin } from './logins.ts';
import { digestOf, newSecret } from './secret-token.ts';
import type { Sessions } from './sessions.ts';
import { tokenView } from './token-view.ts';
import type { Tokens } from './tokens.ts';
import { type Users, userOwner } from './users.ts';

export interface LoginParts {
  /** Absent: people have tokens alone. */
  readonly provider: LoginProvider | undefined;
  readonly logins: Logins;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly tokens: Tokens;
  /** Under which people call the server: `https://millrace.example`; absent: as the request has it. */
  readonly publicUrl: string | undefined;
}

export function loginRoutes(parts: LoginParts): Route[] {
  return [
    implement(loginContract, ({ query, header }) => begin(parts, query, header)),
    implement(loginCallbackContract, ({ query, header }) => finish(parts, query, header)),
    implement(loginTokenContract, async ({ body }) => {
      const login = await parts.logins.finish('command', body.code);
      const challenge = createHash('sha256').update(body.verifier).digest('base64url');
      if (login === undefined || !isSame(challenge, login.challenge)) {
        throw new ProblemError('forbidden', 'there is no such login, or it took too long; begin again');
      }
      const name = body.name ?? `login-${login.user.replaceAll(/[^A-Za-z0-9._@-]/g, '-')}-${newSecret().slice(0, 8)}`;
      const { info, secret } = await parts.tokens.createFor(login.user, name);
      return { token: tokenView(info), secret };
    }),
  ];
}

type Header = RouteRequest<typeof loginContract>['header'];

/** How the browser calls the server. */
export function calledAs(header: Header, publicUrl: string | undefined): Called & { readonly url: string } {
  const host = header('host');
  const url = publicUrl ?? `http://${host}`;
  return { host, url, secure: url.startsWith('https:') };
}

async function begin(
  { provider, logins, publicUrl }: LoginParts,
  query: RouteRequest<typeof loginContract>['query'],
  header: Header,
): Promise<PageAnswer> {
  if (provider === undefined) {
    throw new ProblemError('not_found', 'no login provider is configured here; show a token instead');
  }
  const { port, challenge, returnTo = '/' } = query;
  if ((port === undefined) !== (challenge === undefined)) {
    throw new ProblemError('invalid_request', 'port and challenge go together: give both or none');
  }
  const called = calledAs(header, publicUrl);
  const browser = newSecret();
  const login: ProviderLogin = {
    ...provider.secrets(),
    browser: digestOf(browser),
    redirectUri: new URL('/api/v1/login/callback', called.url).href,
    returnTo: ownPath(returnTo),
    ...(port !== undefined && challenge !== undefined && { command: { port, challenge } }),
  };
  const state = await logins.begin('provider', login);
  const { href } = await provider.addressOf(login, state);
  return sendOn(href, { 'set-cookie': loginCookie(called, browser) });
}

async function finish(
  { provider, logins, users, sessions, publicUrl }: LoginParts,
  query: RouteRequest<typeof loginCallbackContract>['query'],
  header: Header,
): Promise<PageAnswer> {
  const { state } = query;
  const login = state === undefined ? undefined : await logins.finish('provider', state);
  const called = calledAs(header, publicUrl);
  const browser = cookieOf(header('cookie'), loginCookieName(called.host));
  const isOurs = browser !== undefined && login !== undefined && isSame(digestOf(browser), login.browser);
  if (provider === undefined || state === undefined || !isOurs) {
    throw new ProblemError('forbidden', 'no login was begun in this browser, or it took too long; begin again');
  }
  const address = new URL(login.redirectUri);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, String(value));
  const person = await provider.finish(login, state, address);
  await users.loggedIn(person);
  if (login.command !== undefined) {
    const { port, challenge } = login.command;
    const code = await logins.begin('command', { user: person.name, challenge });
    return consent(person.name, `http://127.0.0.1:${port}/?code=${code}`);
  }
  const id = await sessions.open(userOwner(person.name));
  return arrival(login.returnTo, sessionCookie(called, id));
}

const neverKept = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' } as const;

function sendOn(location: string, headers: Readonly<Record<string, string>> = {}): PageAnswer {
  return { status: 303, headers: { location, ...neverKept, ...headers } };
}

/** A page of our own that goes on: a redirect would still count as the provider's site, and leave the cookie out. */
function arrival(path: string, cookie: string): PageAnswer {
  const text = `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${escaped(path)}">
<title>Millrace</title><p>You are logged in. <a href="${escaped(path)}">Go on</a></p>`;
  const headers = { 'content-type': 'text/html; charset=utf-8', 'set-cookie': cookie, ...neverKept };
  return { status: 200, headers, text };
}

/**
 * What a person is asked before a command gets their token. Whoever was led here by a link, where the provider knew
 * them already, has asked for none, and whatever waits on the port may be somebody else's.
 */
function consent(user: string, address: string): PageAnswer {
  const text = `<!doctype html><meta charset="utf-8"><title>Millrace</title>
<p>A command on this machine asks for a token with which it may do what ${escaped(user)} may.
<a href="${escaped(address)}">Give it one</a></p>
<p>If you did not run <code>millrace login</code> just now, close this page.</p>`;
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8', ...neverKept }, text };
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** A path of this server, whatever was asked for. */
function ownPath(wanted: string): string {
  const here = 'http://localhost';
  const url = URL.canParse(wanted, here) ? new URL(wanted, here) : new URL(here);
  return url.origin === here ? `${url.pathname.replace(/^\/+/, '/')}${url.search}${url.hash}` : '/';
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
