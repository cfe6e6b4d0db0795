/**
 * A request that somebody else encoded, on its way over a connection of ours. Correlation ids are the connection's own:
 * on the way out its id is written over the sender's, and on the way back the sender's over it.
 */
import { correlationIdOf, lengthPrefix } from '@millrace/wire';
import type { PendingRequest } from './pending-requests.ts';

/** Behind the key and the version of the API. */
const requestIdAt = 4;

export interface RelayedRequestOptions {
  /** Of the API. */
  readonly name: string;
  /** Without its length, 8 bytes at least. Belongs to the request from now on, which writes to it. */
  readonly frame: Uint8Array;
  /** Given the answer's frame, which belongs to the receiver; left out where brokers give none (Produce, acks 0). */
  readonly answered?: ((answer: Uint8Array) => void) | undefined;
}

interface Sending {
  readonly chunks: readonly Uint8Array[];
  readonly pending: PendingRequest | undefined;
}

export class RelayedRequest {
  readonly #options: RelayedRequestOptions;
  readonly #senderId: number;

  constructor(options: RelayedRequestOptions) {
    this.#options = options;
    this.#senderId = correlationIdOf(options.frame.subarray(requestIdAt));
  }

  get name(): string {
    return this.#options.name;
  }

  /**
   * What is to be written, its length first, and the request as one whose answer is awaited, for as long as it takes;
   * undefined where none comes.
   */
  send(correlationId: number, sentAt: number, came: () => void): Sending {
    const { name, frame, answered } = this.#options;
    setInt32(frame, requestIdAt, correlationId);
    const chunks = [lengthPrefix(frame), frame];
    if (answered === undefined) return { chunks, pending: undefined };
    const answer = (answerFrame: Uint8Array): void => {
      came();
      setInt32(answerFrame, 0, this.#senderId);
      answered(answerFrame);
    };
    const unbounded = { timeoutMs: Number.POSITIVE_INFINITY, deadline: Number.POSITIVE_INFINITY };
    return { chunks, pending: { name, correlationId, sentAt, ...unbounded, answer, fail: () => undefined } };
  }
}

function setInt32(bytes: Uint8Array, position: number, value: number): void {
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).setInt32(position, value);
}
