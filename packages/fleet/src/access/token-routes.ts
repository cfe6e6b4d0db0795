/** Making, listing and revoking tokens, and sessions that are opened with one. */
import {
  cookieOf,
  implement,
  type Principal,
  ProblemError,
  principalText,
  type Route,
  sessionCookieName,
} from '@millrace/api';
import {
  closeSessionContract,
  createTokenContract,
  openSessionContract,
  revokeTokenContract,
  tokensContract,
} from '@millrace/api/fleet';
import { endedSessionCookie, sessionCookie } from './browser-cookies.ts';
import type { LoginProvider } from './login-provider.ts';
import { calledAs } from './login-routes.ts';
import type { Rights } from './rights.ts';
import { ownerOf, type Sessions } from './sessions.ts';
import { tokenView } from './token-view.ts';
import type { TokenFilter, TokenInfo, Tokens } from './tokens.ts';

export interface TokenParts {
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly provider: LoginProvider | undefined;
  readonly publicUrl: string | undefined;
}

const dayMs = 86_400_000;
const daysDefault = 90;

export function tokenRoutes(parts: TokenParts): Route[] {
  const { tokens, sessions, provider, publicUrl } = parts;
  return [
    implement(tokensContract, async ({ principal, query }) => {
      const { items, next } = await tokens.list(managedBy(principal), query);
      return { tokens: items.map(tokenView), next };
    }),
    implement(createTokenContract, async ({ principal, body, header }) => {
      const { name, role, teams, expiresInDays = daysDefault } = body;
      const shown = await shownToken(parts, header);
      const owner = shown?.owner ?? ownerOf(principal);
      const expiresAt = new Date(Date.now() + expiresInDays * dayMs);
      const wanted = { name, rights: rightsWanted(role, teams), expiresAt };
      const { info, secret } = await tokens.create(wanted, { principal, owner, shown });
      return { token: tokenView(info), secret };
    }),
    implement(revokeTokenContract, async ({ principal, params }) => {
      const token = await tokens.byName(params.name);
      // Who may not revoke it need not learn that it is there.
      if (token === undefined || !mayManage(principal, token)) throw noToken(params.name);
      const revoked = await tokens.revoke(params.name, principal);
      if (revoked === undefined) throw noToken(params.name);
      return tokenView(revoked);
    }),
    implement(openSessionContract, async ({ principal, header }) => {
      if (header('authorization') === undefined) {
        throw new ProblemError('token_required', 'a session is opened with a token, as `Authorization: Bearer TOKEN`');
      }
      const shown = await shownToken(parts, header);
      const id = await sessions.open(shown?.owner ?? ownerOf(principal), shown);
      const cookie = sessionCookie(calledAs(header, publicUrl), id);
      return { status: 204, headers: { 'set-cookie': cookie, 'cache-control': 'no-store' } };
    }),
    implement(closeSessionContract, async ({ header }) => {
      const called = calledAs(header, publicUrl);
      const id = cookieOf(header('cookie'), sessionCookieName(called.host));
      if (id !== undefined) await sessions.close(id);
      const providerLogout = (await provider?.logoutAddress(new URL('/', called.url).href)) ?? null;
      const headers = { 'set-cookie': endedSessionCookie(called), 'content-type': 'application/json' };
      return { status: 200, headers, text: JSON.stringify({ providerLogout }) };
    }),
  ];
}

/** The token of the database that a request was made with, also through a session. */
async function shownToken(
  { tokens, sessions }: TokenParts,
  header: (name: string) => string | undefined,
): Promise<TokenInfo | undefined> {
  const bearer = /^Bearer (\S+)$/i.exec(header('authorization') ?? '')?.[1];
  if (bearer !== undefined) return await tokens.find(bearer);
  const id = cookieOf(header('cookie'), sessionCookieName(header('host')));
  return id === undefined ? undefined : await sessions.tokenOf(id);
}

function rightsWanted(role: Principal['role'], teams: readonly string[] = []): Rights {
  if (role === 'admin' || role === 'viewer') {
    if (teams.length > 0) throw new ProblemError('invalid_request', `the role ${role} is not one of teams`);
    return { admin: role === 'admin', teams: [] };
  }
  if (teams.length === 0) throw new ProblemError('invalid_request', `name the teams for which the role ${role} holds`);
  return { admin: false, teams: teams.map((name) => ({ name, role })) };
}

/** An admin all, people theirs, a token itself. */
function managedBy(principal: Principal): TokenFilter {
  if (principal.role === 'admin') return {};
  return principal.kind === 'token' ? { name: principal.name } : { owner: principalText(principal) };
}

function mayManage(principal: Principal, token: TokenInfo): boolean {
  const { name = token.name, owner = token.owner } = managedBy(principal);
  return token.name === name && token.owner === owner;
}

function noToken(name: string): ProblemError {
  return new ProblemError('not_found', `there is no token ${name} of yours that could be revoked`);
}
