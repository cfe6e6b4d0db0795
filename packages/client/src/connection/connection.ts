/**
 * One connection to one broker. Requests are sent as they come, without waiting for answers, and answers come in the
 * order of the requests, so they are matched first in, first out, and the correlation id is the proof.
 *
 * One timer watches the nearest deadline. A request that is not answered in time ends the connection: its answer would
 * block all others behind it. When a connection ends, every unanswered request is rejected; it never reconnects, the
 * pool opens another.
 */
import type { Platform, Socket, Timer } from '@millrace/base';
import { isMillraceError, messageOf } from '@millrace/base';
import {
  type Api,
  apiVersions,
  ByteWriter,
  correlationIdOf,
  decodeResponse,
  encodeRequest,
  errorCodes,
  FrameSplitter,
  KafkaError,
  type RequestDraft,
  type ResponseOf,
} from '@millrace/wire';
import { ConnectionLostError, RequestTimeoutError } from '../errors.ts';
import { BrokerVersions } from './broker-versions.ts';

export interface ConnectionOptions {
  readonly platform: Platform;
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  readonly connectTimeoutMs: number;
  /** Bound on requests that name none of their own. */
  readonly requestTimeoutMs: number;
  readonly frameBytesMax: number;
  readonly signal?: AbortSignal | undefined;
}

export interface RequestOptions {
  readonly timeoutMs?: number | undefined;
  /** Highest version to use, where a later one means something else. */
  readonly versionMax?: number | undefined;
}

interface Pending {
  readonly name: string;
  readonly correlationId: number;
  readonly timeoutMs: number;
  readonly deadline: number;
  readonly answer: (frame: Uint8Array) => void;
  readonly fail: (error: Error) => void;
}

/** Memory that a connection reads into: as much as one read of a socket brings at most. */
const readBufferBytes = 64 * 1024;
/** Fetched records come in frames of megabytes, for which memory is best taken in one piece. */
const firstBufferBytes = 16 * 1024 * 1024;

/** Opens a connection and learns what the broker speaks. Rejects with `ConnectError`, `ConnectionLostError`, ... */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { host, port, platform, connectTimeoutMs, signal } = options;
  const readBuffer = Buffer.allocUnsafeSlow(readBufferBytes);
  const socket = await platform.network.connect({ host, port, timeoutMs: connectTimeoutMs, signal, readBuffer });
  const connection = new Connection(options, socket);
  const onAbort = (): void => connection.close();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await connection.negotiate();
  } catch (error) {
    connection.close();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
  return connection;
}

export class Connection {
  /** `host:port` of the broker. */
  readonly broker: string;
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #splitter: FrameSplitter;
  readonly #writer = new ByteWriter();
  readonly #pending: Pending[] = [];
  #versions: BrokerVersions;
  #nextCorrelationId = 0;
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #ended: Error | undefined;
  #isFull = false;
  readonly #drainWaiters: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #onEnd: ((error: Error) => void) | undefined;

  constructor(options: ConnectionOptions, socket: Socket) {
    this.broker = `${options.host}:${options.port}`;
    this.#options = options;
    this.#socket = socket;
    this.#versions = new BrokerVersions(this.broker, { apiKeys: [] });
    this.#splitter = new FrameSplitter(options.frameBytesMax, (frame) => this.#answer(frame), {
      firstBufferBytes,
      chunksAreReused: true,
    });
    socket.handle({
      data: (chunk) => this.#receive(chunk),
      drained: () => this.#drained(),
      closed: (error) => this.#end(this.#lost(error?.message ?? 'the broker closed it', error)),
    });
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** Requests sent and not answered. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  /** Calls `callback` once when the connection ends, with the reason. */
  onEnd(callback: (error: Error) => void): void {
    if (this.#ended !== undefined) callback(this.#ended);
    else this.#onEnd = callback;
  }

  /** The version in which this API will be called. Throws `UnsupportedApiError`. */
  version(api: Api, versionMax?: number): number {
    return this.#versions.choose(api, versionMax);
  }

  supports(api: Api, version: number): boolean {
    return this.#versions.supports(api, version);
  }

  /** The level on which the cluster had agreed for a feature (KIP-584) when this connection was opened; 0 for none. */
  feature(name: string): number {
    return this.#versions.feature(name);
  }

  /**
   * Sends a request at once and resolves with its answer, whose views pin the whole frame. Record bytes in `draft` are
   * not copied: they must not change until the answer. Rejects with `ConnectionLostError`, `RequestTimeoutError`,
   * `UnsupportedApiError`, `WireError`.
   */
  request<A extends Api>(api: A, draft: RequestDraft<A>, options?: RequestOptions): Promise<ResponseOf<A>> {
    return new Promise((resolve, reject) => {
      const version = this.#versions.choose(api, options?.versionMax);
      this.#send(api, version, draft, options?.timeoutMs, reject, (frame) =>
        resolve(decodeResponse(api, version, frame)),
      );
    });
  }

  /**
   * Sends a request that the broker does not answer (Produce with acks 0), and resolves when the socket has room for
   * more. Rejects as `request` does.
   */
  async post<A extends Api>(api: A, draft: RequestDraft<A>, options?: RequestOptions): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended;
    this.#write(api, this.#versions.choose(api, options?.versionMax), draft);
    if (this.#isFull) await new Promise<void>((resolve, reject) => this.#drainWaiters.push({ resolve, reject }));
  }

  /** Ends the connection at once; unanswered requests are rejected. */
  close(reason = 'it was closed here'): void {
    this.#end(this.#lost(reason));
  }

  /**
   * The first exchange on a connection. A broker that doesn't know our version answers in version 0, naming its own.
   */
  async negotiate(): Promise<void> {
    let version = 4;
    let known = await this.#askVersions(version);
    if (known.errorCode === errorCodes.UNSUPPORTED_VERSION) {
      version = known.apiKeys.length === 0 ? 0 : new BrokerVersions(this.broker, known).choose(apiVersions);
      known = await this.#askVersions(version);
    }
    if (known.errorCode !== 0) throw new KafkaError(known.errorCode, `ask broker ${this.broker} for its API versions`);
    this.#versions = new BrokerVersions(this.broker, known);
  }

  #askVersions(version: number): Promise<ResponseOf<typeof apiVersions>> {
    const draft = { clientSoftwareName: 'millrace', clientSoftwareVersion: '0.1.0' };
    return new Promise((resolve, reject) => {
      this.#send(apiVersions, version, draft, this.#options.connectTimeoutMs, reject, (frame) => {
        // The error code follows the correlation id; with this one the rest is in version 0.
        const refused = frame.length >= 6 && ((frame[4]! << 8) | frame[5]!) === errorCodes.UNSUPPORTED_VERSION;
        resolve(decodeResponse(apiVersions, refused ? 0 : version, frame));
      });
    });
  }

  #send<A extends Api>(
    api: A,
    version: number,
    draft: RequestDraft<A>,
    timeoutMs = this.#options.requestTimeoutMs,
    fail: (error: Error) => void,
    answer: (frame: Uint8Array) => void,
  ): void {
    if (this.#ended !== undefined) return fail(this.#ended);
    const correlationId = this.#write(api, version, draft);
    const deadline = this.#options.platform.clock.monotonic() + timeoutMs;
    this.#pending.push({ name: api.name, correlationId, timeoutMs, deadline, answer, fail });
    if (deadline < this.#timerAt) this.#watch(deadline);
  }

  #write<A extends Api>(api: A, version: number, draft: RequestDraft<A>): number {
    const correlationId = this.#nextCorrelationId;
    const frame = encodeRequest(this.#writer, api, version, correlationId, this.#options.clientId, draft);
    this.#nextCorrelationId = (correlationId + 1) & 0x7fff_ffff;
    if (!this.#socket.write(frame.chunks)) this.#isFull = true;
    return correlationId;
  }

  #drained(): void {
    this.#isFull = false;
    for (const { resolve } of this.#drainWaiters.splice(0)) resolve();
  }

  #receive(chunk: Uint8Array): void {
    if (this.#ended !== undefined) return;
    try {
      this.#splitter.push(chunk);
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      this.#end(this.#lost(`it sent something that is no answer: ${messageOf(error)}`, error));
    }
  }

  #answer(frame: Uint8Array): void {
    if (this.#ended !== undefined) return;
    const pending = this.#pending[0];
    const correlationId = correlationIdOf(frame);
    if (pending === undefined || pending.correlationId !== correlationId) {
      const expected = pending === undefined ? 'none was expected' : `${pending.correlationId} was expected`;
      return this.#end(this.#lost(`it answered request ${correlationId} where ${expected}`));
    }
    this.#pending.shift();
    try {
      pending.answer(frame);
    } catch (error) {
      pending.fail(error as Error);
      throw error;
    }
  }

  #watch(deadline: number): void {
    this.#timer?.cancel();
    this.#timerAt = deadline;
    const { clock, timers } = this.#options.platform;
    this.#timer = timers.after(Math.max(0, Math.ceil(deadline - clock.monotonic())), () => this.#checkDeadlines());
  }

  #checkDeadlines(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#timer = undefined;
    const now = this.#options.platform.clock.monotonic();
    let nearest = Number.POSITIVE_INFINITY;
    for (const pending of this.#pending) {
      if (pending.deadline <= now) return this.#timeOut(pending);
      nearest = Math.min(nearest, pending.deadline);
    }
    if (nearest !== Number.POSITIVE_INFINITY) this.#watch(nearest);
  }

  #timeOut(late: Pending): void {
    const error = new RequestTimeoutError(late.name, this.broker, late.timeoutMs);
    this.#pending.splice(this.#pending.indexOf(late), 1);
    late.fail(error);
    this.#end(this.#lost(`${late.name} was not answered within ${late.timeoutMs} ms`, error));
  }

  #lost(reason: string, cause?: unknown): ConnectionLostError {
    return new ConnectionLostError(this.broker, reason, cause);
  }

  #end(error: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#timer?.cancel();
    this.#socket.destroy();
    for (const pending of this.#pending.splice(0)) pending.fail(error);
    for (const { reject } of this.#drainWaiters.splice(0)) reject(error);
    this.#onEnd?.(error);
  }
}
