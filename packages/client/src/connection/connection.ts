/**
 * One connection to one broker. Requests are sent as they come, without waiting for answers, and answers come in the
 * order of the requests, so they are matched first in, first out, and the correlation id is the proof.
 *
 * Requests are held back, in their order, while the broker throttles (KIP-219) and while the login is renewed
 * (KIP-368); those under way are not concerned. A request that is not answered in time ends the connection: its answer
 * would block all others behind it. At its end every unanswered request is rejected; the pool opens another.
 */
import { isMillraceError, messageOf, type Socket } from '@millrace/base';
import {
  type Api,
  apiVersions,
  ByteWriter,
  correlationIdOf,
  decodeResponse,
  encodeRequest,
  FrameSplitter,
  type RequestDraft,
  type ResponseOf,
} from '@millrace/wire';
import { ConnectionLostError, RequestTimeoutError } from '../errors.ts';
import type { Ask } from '../security/authentication.ts';
import { BrokerVersions, decodeVersions, negotiate, software } from './broker-versions.ts';
import { type ConnectionStage, closedByBroker, isTlsAlert, speaksTls } from './connection-loss.ts';
import type { ConnectionOptions, RequestOptions } from './connection-options.ts';
import { Login } from './login.ts';
import { type PendingRequest, PendingRequests } from './pending-requests.ts';
import type { RelayedRequest } from './relayed-request.ts';
import { SendGate } from './send-gate.ts';
import { SendRoom } from './send-room.ts';
import { Throttle } from './throttle.ts';

/** Fetched records come in frames of megabytes, for which memory is best taken in one piece. */
const firstBufferBytes = 16 * 1024 * 1024;

export class Connection {
  /** `host:port` of the broker. */
  readonly broker: string;
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #splitter: FrameSplitter;
  readonly #writer = new ByteWriter();
  readonly #pending: PendingRequests;
  readonly #gate = new SendGate();
  readonly #throttle: Throttle;
  readonly #login: Login | undefined;
  #versions: BrokerVersions;
  #nextCorrelationId = 0;
  #ended: Error | undefined;
  /** How far it came, by which a broker's silent end can be explained. */
  #stage: ConnectionStage = 'greeting';
  #hasReceived = false;
  readonly #room = new SendRoom();
  #onEnd: ((error: Error) => void) | undefined;

  constructor(options: ConnectionOptions, socket: Socket) {
    this.broker = `${options.host}:${options.port}`;
    this.#options = options;
    this.#socket = socket;
    this.#versions = new BrokerVersions(this.broker, { apiKeys: [] });
    this.#throttle = new Throttle(options.platform, this.#gate, () => this.#renewIfDue());
    this.#login = options.sasl && new Login(this.broker, options.sasl, options.platform);
    this.#pending = new PendingRequests(options.platform, (late) => this.#timeOut(late));
    this.#splitter = new FrameSplitter(options.frameBytesMax, (frame) => this.#answer(frame), {
      firstBufferBytes,
      chunksAreReused: options.tls === undefined,
      memory: options.memory,
    });
    socket.handle({
      data: (chunk) => this.#receive(chunk),
      drained: () => this.#room.drained(),
      closed: (error) => this.#end(closedByBroker(this.#options, this.#stage, error)),
    });
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** Requests sent and not answered, and those held back; `oldest` names the first that was sent. */
  get pending(): { readonly count: number; readonly oldest: string | undefined } {
    return { count: this.#pending.count + this.#gate.heldCount, oldest: this.#pending.first?.name };
  }

  /** Grows with each request that is sent, and begins again now and then. */
  get sentCount(): number {
    return this.#nextCorrelationId;
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
   * Sends a request as soon as the broker lets us and resolves with its answer, whose views pin the whole frame; its
   * time begins when it is sent. Record bytes in `draft` are not copied: they must not change until the answer. Rejects
   * with `ConnectionLostError`, `RequestTimeoutError`, `UnsupportedApiError`, `WireError`.
   */
  request<A extends Api>(api: A, draft: RequestDraft<A>, options?: RequestOptions): Promise<ResponseOf<A>> {
    return new Promise((resolve, reject) => {
      const version = this.#versions.choose(api, options?.versionMax);
      this.#whenOpen(reject, () => this.#send(api, version, draft, options?.timeoutMs, reject, resolve));
    });
  }

  /**
   * Sends a request that the broker does not answer (Produce with acks 0), and resolves when the socket has room for
   * more. Rejects as `request` does.
   */
  async post<A extends Api>(api: A, draft: RequestDraft<A>, options?: RequestOptions): Promise<void> {
    const version = this.#versions.choose(api, options?.versionMax);
    await new Promise<void>((resolve, reject) => {
      this.#whenOpen(reject, () => {
        if (this.#ended !== undefined) return reject(this.#ended);
        this.#write(api, version, draft);
        resolve();
      });
    });
    await this.#room.free();
  }

  /**
   * Passes on a request that somebody else encoded, without a bound on its time; what the connection's end takes
   * along, `onEnd` tells. Answers a promise while the socket has no room for more; it rejects when the connection ends.
   */
  relay(request: RelayedRequest): Promise<void> | undefined {
    const send = (): void => {
      const sentAt = this.#options.platform.clock.monotonic();
      const { chunks, pending } = request.send(this.#takeId(), sentAt, () => this.#note(request.name, sentAt));
      if (pending !== undefined) this.#pending.add(pending);
      this.#room.wrote(this.#socket.write(chunks));
    };
    this.#whenOpen((error) => this.#end(error), send);
    return this.#room.isFull ? this.#room.free() : undefined;
  }

  /** Whether answers are read: not while whoever they are for takes none. Times of requests go on. */
  read(isWanted: boolean): void {
    this.#socket[isWanted ? 'resume' : 'pause']();
  }

  /** Ends the connection at once; unanswered requests are rejected. */
  close(reason = 'it was closed here'): void {
    this.#end(this.#lost(reason));
  }

  /** The first exchanges on a connection: versions, login. */
  async begin(): Promise<void> {
    this.#versions = await negotiate(this.broker, (version) => this.#askVersions(version));
    this.#stage = 'greeted';
    await this.#login?.perform(this.#askForLogin);
  }

  #askVersions(version: number): Promise<ResponseOf<typeof apiVersions>> {
    return new Promise((resolve, reject) => {
      const answer = (frame: Uint8Array): void => resolve(decodeVersions(version, frame));
      this.#post(apiVersions, version, software, this.#options.connectTimeoutMs, reject, answer);
    });
  }

  /** One request of the login, past whatever else is held back. */
  readonly #askForLogin: Ask = (api, draft) =>
    new Promise((resolve, reject) => {
      this.#send(api, this.#versions.choose(api), draft, this.#options.connectTimeoutMs, reject, resolve);
    });

  /** What waits goes on once the broker has accepted the new login; if it does not, the connection ends. */
  #renewIfDue(): void {
    if (this.#login?.isDue !== true) return;
    this.#gate.shut();
    this.#login.perform(this.#askForLogin).then(
      () => this.#gate.open(),
      // What was sent may have been done, so its senders must not take the refusal for the answer.
      (error: unknown) => this.#end(this.#lost(`the login could not be renewed: ${messageOf(error)}`, error)),
    );
  }

  /** Sends now, or later if the gate is shut. What `send` throws goes to `fail`. */
  #whenOpen(fail: (error: Error) => void, send: () => void): void {
    if (!this.#gate.isShut) this.#renewIfDue();
    if (!this.#gate.isShut) return send();
    this.#gate.hold(send, fail);
  }

  #send<A extends Api>(
    api: A,
    version: number,
    draft: RequestDraft<A>,
    timeoutMs: number | undefined,
    fail: (error: Error) => void,
    resolve: (response: ResponseOf<A>) => void,
  ): void {
    const sentAt = this.#post(api, version, draft, timeoutMs, fail, (frame) => {
      const response = decodeResponse(api, version, frame);
      this.#note(api.name, sentAt, (response as { readonly throttleTimeMs?: number }).throttleTimeMs);
      resolve(response);
    });
  }

  #post<A extends Api>(
    api: A,
    version: number,
    draft: RequestDraft<A>,
    timeoutMs = this.#options.requestTimeoutMs,
    fail: (error: Error) => void,
    answer: (frame: Uint8Array) => void,
  ): number {
    const sentAt = this.#options.platform.clock.monotonic();
    if (this.#ended !== undefined) fail(this.#ended);
    else {
      const correlationId = this.#write(api, version, draft);
      const deadline = sentAt + timeoutMs;
      this.#pending.add({ name: api.name, correlationId, timeoutMs, sentAt, deadline, answer, fail });
    }
    return sentAt;
  }

  #write<A extends Api>(api: A, version: number, draft: RequestDraft<A>): number {
    const correlationId = this.#takeId();
    const frame = encodeRequest(this.#writer, api, version, correlationId, this.#options.clientId, draft);
    this.#room.wrote(this.#socket.write(frame.chunks));
    return correlationId;
  }

  #takeId(): number {
    const correlationId = this.#nextCorrelationId;
    this.#nextCorrelationId = (correlationId + 1) & 0x7fff_ffff;
    return correlationId;
  }

  #note(name: string, sentAt: number, throttleMs?: number): void {
    this.#stage = 'accepted';
    const { observer, platform, nodeId = -1 } = this.#options;
    const now = platform.clock.monotonic();
    observer?.answered(name, nodeId, now - sentAt, now);
    if (throttleMs === undefined || throttleMs <= 0) return;
    observer?.throttled(name, this.broker, throttleMs);
    // A broker from before KIP-219 has waited itself, before it answered.
    if (this.#versions.supports(apiVersions, 2)) this.#throttle.pauseUntil(now + throttleMs);
  }

  #receive(chunk: Uint8Array): void {
    if (this.#ended !== undefined) return;
    if (!this.#hasReceived && isTlsAlert(chunk)) return this.#end(speaksTls(this.#options));
    this.#hasReceived = true;
    try {
      this.#splitter.push(chunk);
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      this.#end(this.#lost(`it sent something that is no answer: ${messageOf(error)}`, error));
    }
  }

  #answer(frame: Uint8Array): void {
    if (this.#ended !== undefined) return;
    const pending = this.#pending.take(correlationIdOf(frame));
    if (typeof pending === 'string') return this.#end(this.#lost(pending));
    try {
      pending.answer(frame);
    } catch (error) {
      pending.fail(error as Error);
      throw error;
    }
  }

  #timeOut(late: PendingRequest): void {
    const error = new RequestTimeoutError(late.name, this.broker, late.timeoutMs);
    late.fail(error);
    this.#end(this.#lost(`${late.name} was not answered within ${late.timeoutMs} ms`, error));
  }

  #lost = (reason: string, cause?: unknown) => new ConnectionLostError(this.broker, reason, cause);

  #end(error: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#throttle.close();
    this.#socket.destroy();
    for (const pending of this.#pending.clear()) pending.fail(error);
    this.#gate.release();
    this.#room.end(error);
    this.#onEnd?.(error);
  }
}
