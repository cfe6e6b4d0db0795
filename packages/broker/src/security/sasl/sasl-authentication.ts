/**
 * SASL on one connection: SaslHandshake names a mechanism, tokens follow in SaslAuthenticate or bare, and in the end
 * the peer has a principal. A session may end, and be renewed by the same exchange on the same connection (KIP-368).
 *
 * What a peer is told of a failure is the same for all causes but one, and held back a while; the operator is told
 * more.
 */
import { isMillraceError, messageOf, type Platform, sleep } from '@millrace/base';
import {
  apiVersions,
  errorCodes,
  plainMechanism,
  type ResponseDraft,
  SaslError,
  saslAuthenticate,
  saslHandshake,
} from '@millrace/wire';
import { type Authentication, NotAuthenticatedError } from '../authentication.ts';
import { anonymous, type Principal } from '../principal.ts';
import type { ProvenUser, SaslExchange, SaslMechanism, SaslStep } from './sasl-exchange.ts';

export interface SaslRules {
  /** By name, in the order in which they are offered. */
  readonly mechanisms: ReadonlyMap<string, SaslMechanism>;
  /** How long a session of a mechanism lives; 0 for ever. */
  readonly sessionMsMax: (mechanism: string) => number;
  readonly failureDelayMs: number;
  readonly platform: Pick<Platform, 'clock' | 'timers'>;
  /** Told of each failure. */
  readonly onFailure: (reason: string) => void;
}

/** What a peer may take to authenticate. */
const authenticationMsMax = 60_000;
/** Kafka lets this much time pass between two renewals of a session. */
const renewalMsMin = 1000;

type Step = 'handshake' | 'authenticate' | 'tokens' | 'done' | 'failed';

export class SaslAuthentication implements Authentication {
  readonly #rules: SaslRules;
  readonly #sinceMs: number;
  #step: Step = 'handshake';
  #busy = false;
  #mechanism = '';
  #exchange: SaslExchange | undefined;
  #principal: Principal | undefined;
  /** Told to a peer that renews a session as somebody else: it has proved who it is. */
  #changeOfPrincipal: string | undefined;
  #renewedAtMs = Number.NEGATIVE_INFINITY;
  /** Monotonic; requests after it end the connection. */
  #endsAtMs = Number.POSITIVE_INFINITY;

  constructor(rules: SaslRules) {
    this.#rules = rules;
    this.#sinceMs = rules.platform.clock.monotonic();
  }

  get principal(): Principal {
    return this.#principal ?? anonymous;
  }

  get isOpen(): boolean {
    return this.#principal !== undefined;
  }

  get isBusy(): boolean {
    return this.#busy;
  }

  get isOver(): boolean {
    return this.#step === 'failed';
  }

  get takesTokens(): boolean {
    return this.#step === 'tokens';
  }

  isLate(): boolean {
    return this.#principal === undefined && this.#now() - this.#sinceMs > authenticationMsMax;
  }

  admit(apiKey: number): void {
    if (apiKey === apiVersions.key && this.#step !== 'failed') return;
    const isExpected =
      (apiKey === saslHandshake.key && (this.#step === 'handshake' || this.#step === 'done')) ||
      (apiKey === saslAuthenticate.key && (this.#step === 'authenticate' || this.#step === 'done'));
    if (isExpected) return;
    if (this.#step !== 'done')
      throw new NotAuthenticatedError(`it sent a request of API ${apiKey} before it logged in`);
    if (this.#now() <= this.#endsAtMs) return;
    throw new NotAuthenticatedError(`its session as ${this.principal.name} has ended, and it did not log in again`);
  }

  async handshake(mechanism: string, version: number): Promise<ResponseDraft<typeof saslHandshake>> {
    const { mechanisms } = this.#rules;
    const names = [...mechanisms.keys()];
    const isRenewal = this.#step === 'done';
    if (isRenewal && this.#now() - this.#renewedAtMs < renewalMsMin) {
      return { errorCode: errorCodes.ILLEGAL_SASL_STATE, mechanisms: [] };
    }
    const begin = mechanisms.get(mechanism);
    if (begin === undefined || (isRenewal && mechanism !== this.#mechanism)) {
      await this.#fail(isRenewal ? 'it changed its mechanism' : 'it asked for a mechanism that is not enabled');
      return { errorCode: errorCodes.UNSUPPORTED_SASL_MECHANISM, mechanisms: names };
    }
    if (isRenewal) this.#renewedAtMs = this.#now();
    this.#mechanism = mechanism;
    this.#exchange = begin();
    this.#step = version === 0 ? 'tokens' : 'authenticate';
    return { errorCode: errorCodes.NONE, mechanisms: names };
  }

  async authenticate(token: Uint8Array): Promise<ResponseDraft<typeof saslAuthenticate>> {
    if (this.#step !== 'authenticate') {
      const errorMessage = 'SaslAuthenticate request received after successful authentication';
      return { errorCode: errorCodes.ILLEGAL_SASL_STATE, errorMessage, authBytes: nothing, sessionLifetimeMs: 0 };
    }
    const step = await this.#examine(token);
    if (step !== undefined) {
      const sessionLifetimeMs = step.user === undefined ? 0 : this.#lifetimeOf(step.user);
      return { errorCode: errorCodes.NONE, errorMessage: null, authBytes: step.reply, sessionLifetimeMs };
    }
    const errorMessage = this.#changeOfPrincipal ?? failureMessage(this.#mechanism);
    return { errorCode: errorCodes.SASL_AUTHENTICATION_FAILED, errorMessage, authBytes: nothing, sessionLifetimeMs: 0 };
  }

  async token(token: Uint8Array): Promise<Uint8Array | undefined> {
    const step = await this.#examine(token);
    if (step?.user !== undefined) this.#lifetimeOf(step.user);
    return step?.reply;
  }

  /** What the mechanism makes of a token; undefined when it fails. */
  async #examine(token: Uint8Array): Promise<SaslStep | undefined> {
    this.#busy = true;
    try {
      const step = await this.#exchange?.next(token);
      if (step?.user !== undefined) this.#prove(step.user);
      return step;
    } catch (error) {
      if (!isMillraceError(error) || !(error instanceof SaslError)) throw error;
      await this.#fail(messageOf(error));
      return undefined;
    } finally {
      this.#busy = false;
    }
  }

  #prove({ name }: ProvenUser): void {
    if (this.#principal !== undefined && this.#principal.name !== name) {
      const change = `from User.${this.#principal.name}: User.${name}`;
      this.#changeOfPrincipal = `Cannot change principals during re-authentication ${change}`;
      throw new SaslError(
        'sasl_refused',
        this.#mechanism,
        `the session of ${this.#principal.name} can't become ${name}'s`,
      );
    }
    this.#principal ??= { type: 'User', name };
    this.#exchange = undefined;
    this.#step = 'done';
  }

  /**
   * Begins a session, which ends with what was shown or when `connections.max.reauth.ms` is over; answers how long it
   * lives, 0 for ever, as Kafka tells clients.
   */
  #lifetimeOf({ expiresAtMs }: ProvenUser): number {
    const sessionMsMax = this.#rules.sessionMsMax(this.#mechanism);
    this.#endsAtMs = Number.POSITIVE_INFINITY;
    const leftMs = (expiresAtMs ?? Number.POSITIVE_INFINITY) - this.#rules.platform.clock.now();
    const lifetimeMs = Math.max(0, Math.min(sessionMsMax > 0 ? sessionMsMax : Number.POSITIVE_INFINITY, leftMs));
    if (lifetimeMs === Number.POSITIVE_INFINITY) return 0;
    this.#endsAtMs = this.#now() + lifetimeMs;
    return Math.floor(lifetimeMs);
  }

  async #fail(reason: string): Promise<void> {
    this.#busy = true;
    this.#exchange = undefined;
    this.#rules.onFailure(reason);
    await sleep(this.#rules.platform.timers, this.#rules.failureDelayMs);
    this.#step = 'failed';
    this.#busy = false;
  }

  #now(): number {
    return this.#rules.platform.clock.monotonic();
  }
}

/** In Apache Kafka's words, which tell of no cause. */
function failureMessage(mechanism: string): string {
  if (mechanism === plainMechanism) return 'Authentication failed: Invalid username or password';
  return `Authentication failed during authentication due to invalid credentials with SASL mechanism ${mechanism}`;
}

const nothing = new Uint8Array(0);
