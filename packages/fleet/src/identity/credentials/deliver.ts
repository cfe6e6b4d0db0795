/**
 * Applies a plan that issues something, and waits until it is issued: whoever does it, here or in another process. The
 * secret comes sealed to a key that only this call has, and goes with its answer.
 */
import { type Principal, ProblemError } from '@millrace/api';
import type { IssuedSecret, OperationState } from '@millrace/api/fleet';
import { type Platform, sleep } from '@millrace/base';
import type { Json } from '../../operations/plan-kind.ts';
import { type WaitingRequest, waitingRequest } from '../secrets/sealed-for.ts';
import type { Credential, CredentialStore } from './credential-store.ts';

/** How plans become operations, as far as identities need it. */
export interface Asked {
  readonly principal: Principal;
  readonly why: string;
  readonly signal: AbortSignal;
  /** What is asked again under the same is done once. */
  readonly idempotencyKey?: string | undefined;
}

export interface StartOperations {
  /** Plans and applies at once, what is destructive included; answers the operation. */
  start(kind: string, input: Json, asked: Asked): Promise<{ readonly id: string; readonly state: OperationState }>;
  /** Why it does not go on; undefined while it does, or when it is done. */
  failure(operation: string): Promise<string | undefined>;
}

export interface Delivery {
  readonly operation: string;
  readonly credential: Credential;
  readonly secret?: IssuedSecret | undefined;
}

const pollMs = 100;
/** A cluster that is away may keep an operation longer; then its secret is nobody's, and is issued again. */
const waitMs = 60_000;

export class Deliveries {
  readonly #store: CredentialStore;
  readonly #operations: StartOperations;
  readonly #platform: Platform;

  constructor(store: CredentialStore, operations: StartOperations, platform: Platform) {
    this.#store = store;
    this.#operations = operations;
    this.#platform = platform;
  }

  async issue(
    kind: 'credential_issue' | 'credential_rotate',
    input: { readonly [name: string]: Json },
    asked: Asked,
  ): Promise<Delivery> {
    const waiting = await waitingRequest();
    const { id: operation } = await this.#operations.start(
      kind,
      { ...input, receiver: waiting.receiver as Json },
      asked,
    );
    const credential = await this.#issued(operation, asked.signal);
    return { operation, credential, secret: await this.#secretOf(credential, waiting) };
  }

  async #issued(operation: string, signal: AbortSignal): Promise<Credential> {
    const { clock, timers } = this.#platform;
    const deadline = clock.monotonic() + waitMs;
    for (;;) {
      const issued = await this.#store.issuedBy(operation);
      if (issued !== undefined) return issued;
      const failure = await this.#operations.failure(operation);
      if (failure !== undefined) {
        throw new ProblemError(
          'conflict',
          `nothing was issued: ${failure}; see operation ${operation}, and issue again`,
        );
      }
      if (clock.monotonic() > deadline) {
        const advice = `cancel or wait for operation ${operation}, then issue again: what it issues is told to nobody`;
        throw new ProblemError('unavailable', `not all clusters have taken the credential yet; ${advice}`);
      }
      await sleep(timers, pollMs, signal);
    }
  }

  async #secretOf(credential: Credential, waiting: WaitingRequest): Promise<IssuedSecret | undefined> {
    if (credential.sealedFor !== 'request') return undefined;
    const sealed = await this.#store.collect(credential.id);
    return sealed === undefined ? undefined : ((await waiting.open(sealed)) as IssuedSecret);
  }
}
