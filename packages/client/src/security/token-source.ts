/**
 * The bearer token of a client: fetched when first needed, by one fetch at a time, and fetched again when four fifths
 * of its life are over or when a broker refused it. While a fetch fails, a token that is still good serves on.
 */
import { messageOf, type Platform } from '@millrace/base';
import type { BearerToken, TokenOptions } from '../security.ts';
import { inTime } from './in-time.ts';
import { CredentialsUnavailableError } from './security-errors.ts';

const usedShare = 0.8;

interface Held {
  readonly token: BearerToken;
  /** Wall-clock times. */
  readonly renewAtMs: number;
  readonly expiresAtMs: number;
}

export class TokenSource {
  readonly #platform: Platform;
  readonly #fetch: TokenOptions['token'];
  readonly #timeoutMs: number;
  #held: Held | undefined;
  #fetching: Promise<BearerToken> | undefined;

  constructor(fetch: TokenOptions['token'], platform: Platform, timeoutMs: number) {
    this.#fetch = fetch;
    this.#platform = platform;
    this.#timeoutMs = timeoutMs;
  }

  /** A token that is good now. Rejects with `CredentialsUnavailableError`. */
  current(): Promise<BearerToken> {
    const held = this.#held;
    if (held !== undefined && this.#platform.clock.now() < held.renewAtMs) return Promise.resolve(held.token);
    this.#fetching ??= this.#renew().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  /** Forgets a token that was refused; a newer one stays. */
  refused(token: BearerToken): void {
    if (this.#held?.token === token) this.#held = undefined;
  }

  async #renew(): Promise<BearerToken> {
    const { clock } = this.#platform;
    try {
      const token = await inTime(this.#platform, this.#timeoutMs, 'token', this.#fetch);
      const now = clock.now();
      const expiresAtMs = token.expiresAtMs ?? Number.POSITIVE_INFINITY;
      if (expiresAtMs <= now) throw new Error(`the token expired ${Math.round(now - expiresAtMs)} ms ago`);
      this.#held = { token, expiresAtMs, renewAtMs: now + usedShare * (expiresAtMs - now) };
      return token;
    } catch (error) {
      const held = this.#held;
      if (held !== undefined && clock.now() < held.expiresAtMs) return held.token;
      throw new CredentialsUnavailableError('OAUTHBEARER', messageOf(error), error);
    }
  }
}
