/**
 * Logins with an OpenID Connect provider: authorization code with PKCE, state and nonce. The provider says who somebody
 * is and in which groups; what groups may do is declared here.
 */

import { ProblemError } from '@millrace/api';
import { isMillraceError, messageOf } from '@millrace/base';
import * as oidc from 'openid-client';
import type { ProviderLogin } from './logins.ts';
import { noRights, type Rights, union } from './rights.ts';

/** What members of a group of the provider's may do. */
export type GroupRule =
  | { readonly group: string; readonly role: 'admin' }
  | { readonly group: string; readonly team: string; readonly role: 'member' | 'owner' };

export interface LoginProviderOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent for a client without one, which PKCE alone protects. */
  readonly clientSecret?: string | undefined;
  /** Default `openid profile email groups`. */
  readonly scope?: string | undefined;
  /** The claim that names people; default `preferred_username`. */
  readonly userClaim?: string | undefined;
  /** The claim that lists their groups; default `groups`. */
  readonly groupsClaim?: string | undefined;
  readonly groups?: readonly GroupRule[] | undefined;
}

export interface LoggedIn {
  readonly name: string;
  /** Issuer and subject, which stay when the name changes. */
  readonly subject: string;
  readonly rights: Rights;
}

const answerSecondsMax = 10;
const nameForm = /^[^\p{C}\p{Z}]{1,200}$/u;

export class LoginProvider {
  readonly #options: LoginProviderOptions;
  #configuration: Promise<oidc.Configuration> | undefined;

  constructor(options: LoginProviderOptions) {
    this.#options = options;
  }

  /** What a login has to remember besides its state. */
  secrets(): Pick<ProviderLogin, 'nonce' | 'verifier'> {
    return { nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
  }

  /** Where the browser is sent. */
  async addressOf(login: ProviderLogin, state: string): Promise<URL> {
    const configuration = await this.#discovered();
    return oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: login.redirectUri,
      scope: this.#options.scope ?? 'openid profile email groups',
      code_challenge: await oidc.calculatePKCECodeChallenge(login.verifier),
      code_challenge_method: 'S256',
      state,
      nonce: login.nonce,
    });
  }

  /**
   * Who came back, by the address to which the provider sent the browser.
   *
   * @throws ProblemError `forbidden` when it was no login, `unavailable` when the provider does not answer
   */
  async finish(login: ProviderLogin, state: string, address: URL): Promise<LoggedIn> {
    const configuration = await this.#discovered();
    const checks = { pkceCodeVerifier: login.verifier, expectedNonce: login.nonce, expectedState: state };
    return await told(async () => {
      const answer = await oidc.authorizationCodeGrant(configuration, address, { ...checks, idTokenExpected: true });
      const claims = answer.claims() as oidc.IDToken;
      const { userClaim = 'preferred_username', groupsClaim = 'groups' } = this.#options;
      const isWhole = claims[userClaim] !== undefined && claims[groupsClaim] !== undefined;
      const hasMore = configuration.serverMetadata().userinfo_endpoint !== undefined;
      const more = isWhole || !hasMore ? {} : await oidc.fetchUserInfo(configuration, answer.access_token, claims.sub);
      const all: Readonly<Record<string, unknown>> = { ...more, ...claims };
      const name = nameIn(all, userClaim);
      return { name, subject: `${claims.iss} ${claims.sub}`, rights: this.#rightsIn(all[groupsClaim]) };
    });
  }

  /** Where the provider's own session ends; undefined when it has no such place, or can't be asked for it now. */
  async logoutAddress(returnTo: string): Promise<string | undefined> {
    const configuration = await this.#discovered().catch((error: unknown) => {
      if (isMillraceError(error, 'unavailable')) return undefined;
      throw error;
    });
    if (configuration === undefined || configuration.serverMetadata().end_session_endpoint === undefined)
      return undefined;
    return oidc.buildEndSessionUrl(configuration, { post_logout_redirect_uri: returnTo }).href;
  }

  #rightsIn(claim: unknown): Rights {
    const groups = new Set(Array.isArray(claim) ? claim : typeof claim === 'string' ? [claim] : []);
    const rules = (this.#options.groups ?? []).filter(({ group }) => groups.has(group));
    return union(
      noRights,
      ...rules.map((rule): Rights => {
        if (rule.role === 'admin') return { admin: true, teams: [] };
        return { admin: false, teams: [{ name: rule.team, role: rule.role }] };
      }),
    );
  }

  /** What the provider tells of itself, asked once; asked again after a failure. */
  #discovered(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.#options;
    const url = new URL(issuer);
    // A provider on this machine needs no TLS; any other must have it.
    const isHere = url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
    const authentication = clientSecret === undefined ? oidc.None() : undefined;
    this.#configuration ??= told(() =>
      oidc.discovery(url, clientId, clientSecret, authentication, {
        timeout: answerSecondsMax,
        ...(isHere && { execute: [oidc.allowInsecureRequests] }),
      }),
    ).catch((error: unknown) => {
      this.#configuration = undefined;
      throw error;
    });
    return this.#configuration;
  }
}

function nameIn(claims: Readonly<Record<string, unknown>>, userClaim: string): string {
  const name = claims[userClaim];
  if (typeof name !== 'string' || !nameForm.test(name)) {
    throw new ProblemError('forbidden', `the login provider told no usable name: the claim ${userClaim} has none`);
  }
  if (userClaim === 'email' && claims['email_verified'] !== true) {
    throw new ProblemError(
      'forbidden',
      'the login provider has not verified this address, which anybody may have given',
    );
  }
  return name;
}

/** What goes wrong with a provider: it refuses, or it is not there. Codes and tokens are never told. */
async function told<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (isMillraceError(error)) throw error;
    if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError) {
      throw new ProblemError('forbidden', `the login provider refused: ${error.error}`, { cause: error });
    }
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'OAUTH_INVALID_RESPONSE' || code === 'OAUTH_JWT_CLAIM_COMPARISON_FAILED') {
      throw new ProblemError('forbidden', 'this is not the answer to a login that was begun here; begin again', {
        cause: error,
      });
    }
    throw new ProblemError('unavailable', `the login provider can't be asked: ${messageOf(error)}`, {
      cause: error,
      retryAfterSeconds: 5,
    });
  }
}
