/** The way to one broker: opens a connection when there is none, and asks again until there is an answer. */
import { isMillraceError, type Platform, sleep } from '@millrace/base';
import type { Api, RequestDraft, ResponseOf } from '@millrace/wire';
import { ConnectionGone, WireConnection } from './wire-connection.ts';

export interface EndpointOptions {
  readonly platform: Platform;
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  readonly fail: (error: Error) => void;
  /** After so long without an answer the connection is given up; milliseconds, default 3000. */
  readonly answerTimeoutMs?: number | undefined;
}

const answerTimeoutMsDefault = 3000;
const backoffMsMax = 60;

export class Endpoint {
  readonly platform: Platform;
  readonly #options: EndpointOptions;
  #connection: WireConnection | undefined;
  #opening: Promise<WireConnection> | undefined;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.platform = options.platform;
  }

  /** An open connection; tried until there is one. */
  open(): Promise<WireConnection> {
    if (this.#connection?.isOpen) return Promise.resolve(this.#connection);
    this.#opening ??= this.#tryToOpen().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Asks until there is an answer, so the broker may have got the request several times. */
  async ask<A extends Api>(api: A, version: number, draft: RequestDraft<A>): Promise<ResponseOf<A>> {
    for (;;) {
      const connection = await this.open();
      try {
        return await connection.request(api, version, draft);
      } catch (error) {
        if (!(error instanceof ConnectionGone)) throw error;
        await this.pause();
      }
    }
  }

  /** A short while of random length. */
  pause(longestMs = backoffMsMax): Promise<void> {
    return sleep(this.platform.timers, this.platform.randomness.float() * longestMs);
  }

  /** Drops the connection, as a client does that was restarted; the next request opens another. */
  drop(): void {
    this.#connection?.close();
  }

  async #tryToOpen(): Promise<WireConnection> {
    const { fail: onViolation, answerTimeoutMs: timeoutMs = answerTimeoutMsDefault, ...options } = this.#options;
    for (;;) {
      try {
        this.#connection = await WireConnection.open({ ...options, onViolation, timeoutMs });
        return this.#connection;
      } catch (error) {
        if (!isMillraceError(error, 'connect_failed')) throw error;
        await this.pause();
      }
    }
  }
}
