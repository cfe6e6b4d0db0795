/**
 * Who gets in: for each request of a route it finds out who asks, and whether they may call this route at all. What
 * they may do to one object is the route's own to judge.
 *
 * Loopback is no defence, since every page that a browser shows can call it: pages of other origins get nothing, and a
 * change always needs a token or a session. A token is a program's; a session is a page's, so that a change with one
 * must carry this server's own Origin.
 */
import {
  type Contract,
  cookieOf,
  mayAnywhere,
  type Principal,
  ProblemError,
  permissionOf,
  sessionCookieName,
} from '@millrace/api';
import { type Authentication, anonymous, digestOf } from './authentication.ts';
import { clientAddress } from './client-address.ts';
import { Guesses } from './guesses.ts';
import { foreignPage, isSameOrigin } from './origin-rule.ts';
import { Standing, type StandingWatch } from './standing.ts';
import { type Rate, TokenBuckets } from './token-buckets.ts';

export interface GuardOptions {
  readonly authentication?: Authentication | undefined;
  readonly rates: RateLimits;
  /** How often it is asked whether somebody whose answer goes on may still have it. */
  readonly recheckMs: number;
}

/** How often routes may be called; those of dialects, which programs call, are not counted. */
export interface RateLimits {
  readonly address: Rate;
  /** Of an address beyond this machine, on routes that are open to every page. */
  readonly anybody: Rate;
  readonly principal: Rate;
}

/** What of a request decides. */
export interface Asking {
  readonly method: string;
  readonly ip: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A token or a session, and how to find out whose it is. */
interface Shown {
  readonly secret: string;
  /** `isUse`: whether somebody does something with it now. */
  ask(isUse: boolean): Promise<Principal | undefined>;
}

const readingMethods = new Set(['GET', 'HEAD']);
const nobody: Authentication = { token: async () => undefined, anonymous };

export class Guard {
  readonly #authentication: Authentication;
  readonly #addresses: TokenBuckets;
  readonly #anybody: TokenBuckets;
  readonly #principals: TokenBuckets;
  readonly #guesses: Guesses;
  readonly #standing: Standing;

  constructor({ authentication = nobody, rates, recheckMs }: GuardOptions) {
    const now = (): number => performance.now();
    this.#authentication = authentication;
    this.#addresses = new TokenBuckets(rates.address, now);
    this.#anybody = new TokenBuckets(rates.anybody, now);
    this.#principals = new TokenBuckets(rates.principal, now);
    this.#guesses = new Guesses({ now });
    this.#standing = new Standing(recheckMs);
  }

  /** Who asks; throws a `ProblemError` for those who may not. */
  async admit(asking: Asking, contract: Contract): Promise<Principal> {
    if (contract.anyOrigin) return this.#admitAnybody(asking);
    const page = pageOf(asking);
    const isOpen = contract.dialect?.openToPrograms === true && this.#authentication.anonymous !== undefined;
    if (isOpen && page.origin === undefined && foreignPage(page) === undefined) return anonymous;
    const permission = permissionOf(contract);
    // A person may come from elsewhere to what is public, a login above all.
    if (permission !== 'public' || !readingMethods.has(asking.method)) refuseForeign(page);
    const address = clientAddress(asking.ip);
    if (contract.dialect === undefined) refuseOften(this.#addresses.take(address));
    const principal = (await this.#whoAsks(asking, contract, address)) ?? this.#otherwise(asking, permission);
    if (permission !== 'public' && !mayAnywhere(principal, permission)) throw mayNot(principal, permission);
    // An application is as many instances as it has, each with an address.
    const isCounted = contract.dialect === undefined && permission !== 'configure';
    if (principal !== anonymous && isCounted) {
      refuseOften(this.#principals.take(`${principal.kind}:${principal.name}`));
    }
    return principal;
  }

  /** Programs of this machine send as fast as they can. */
  #admitAnybody({ ip }: Asking): Principal {
    const address = clientAddress(ip);
    if (ip !== '::1' && !address.startsWith('127.')) refuseOften(this.#anybody.take(address));
    return anonymous;
  }

  /** Whether somebody who was admitted still would be, from now on. */
  standing(asking: Asking, contract: Contract, { kind, name }: Principal): StandingWatch {
    const shown = this.#shown(asking, contract);
    // Nothing was shown, or nothing that counted.
    if (shown === undefined || (kind === anonymous.kind && name === anonymous.name)) return Standing.always;
    const permission = permissionOf(contract);
    return this.#standing.watch(`${permission} ${digestOf(shown.secret).toString('base64')}`, async () => {
      const principal = await shown.ask(false);
      return principal !== undefined && (permission === 'public' || mayAnywhere(principal, permission));
    });
  }

  /** Who showed what it takes; undefined when nothing was shown. */
  async #whoAsks(asking: Asking, contract: Contract, address: string): Promise<Principal | undefined> {
    const shown = this.#shown(asking, contract);
    const principal = shown && (await this.#judge(address, shown.secret, () => shown.ask(true)));
    if (principal === undefined && asking.headers['authorization'] !== undefined) {
      throw new ProblemError('token_required', 'this token is not known here, or no longer; ask for another one');
    }
    return principal;
  }

  #shown({ headers, method }: Asking, contract: Contract): Shown | undefined {
    const authentication = this.#authentication;
    const authorization = single(headers['authorization']);
    if (authorization !== undefined) {
      const secret = tokenIn(authorization, contract.dialect !== undefined);
      return secret === undefined ? undefined : { secret, ask: () => authentication.token(secret) };
    }
    const { host, origin } = pageOf({ headers });
    const secret = cookieOf(single(headers['cookie']), sessionCookieName(host));
    if (secret === undefined || authentication.session === undefined) return undefined;
    if (!readingMethods.has(method) && !isSameOrigin(origin, host)) return undefined;
    return { secret, ask: async (isUse) => authentication.session?.(secret, isUse) };
  }

  async #judge(
    address: string,
    secret: string,
    check: () => Promise<Principal | undefined>,
  ): Promise<Principal | undefined> {
    const verdict = await this.#guesses.judge(address, secret, check);
    if ('principal' in verdict) return verdict.principal;
    throw new ProblemError('rate_limited', 'too many wrong tokens came from this address; wait before the next one', {
      retryAfterSeconds: Math.ceil(verdict.waitSeconds),
    });
  }

  #otherwise({ method }: Asking, permission: string): Principal {
    const reader = this.#authentication.anonymous;
    if (permission === 'public') return reader ?? anonymous;
    if (reader !== undefined && readingMethods.has(method)) return reader;
    throw tokenNeeded(readingMethods.has(method) ? 'reading here' : 'a change');
  }
}

function mayNot(principal: Principal, permission: string): ProblemError {
  if (principal.name === anonymous.name && principal.kind === anonymous.kind) return tokenNeeded('this');
  return new ProblemError('forbidden', `${principal.name} may not do this: it takes the permission ${permission}`);
}

function tokenNeeded(what: string): ProblemError {
  return new ProblemError(
    'token_required',
    `${what} needs a token or a login: send it as \`Authorization: Bearer TOKEN\`; a running platform keeps its own ` +
      'in run.json of its data directory',
  );
}

function refuseForeign(page: ReturnType<typeof pageOf>): void {
  const foreign = foreignPage(page);
  if (foreign === undefined) return;
  throw new ProblemError('origin_not_allowed', `${foreign} asked; only pages of this server itself may`);
}

function refuseOften(waitSeconds: number): void {
  if (waitSeconds === 0) return;
  throw new ProblemError('rate_limited', 'too many requests; wait, then go on more slowly', {
    retryAfterSeconds: Math.ceil(waitSeconds),
  });
}

/** Clients of a dialect may know no bearer tokens: then it is the password of basic authentication. */
function tokenIn(authorization: string, mayBePassword: boolean): string | undefined {
  const [, scheme = '', value = ''] = /^(\S+) +(\S+)$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (!mayBePassword || scheme.toLowerCase() !== 'basic') return undefined;
  const text = Buffer.from(value, 'base64').toString();
  return text.slice(text.indexOf(':') + 1) || undefined;
}

function pageOf({ headers }: Pick<Asking, 'headers'>): {
  host: string | undefined;
  origin: string | undefined;
  fetchSite: string | undefined;
} {
  return {
    host: single(headers['host']),
    origin: single(headers['origin']),
    fetchSite: single(headers['sec-fetch-site']),
  };
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
