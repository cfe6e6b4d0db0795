/**
 * One client's connection: cuts frames out of the socket's chunks, hands requests to their handlers, and sends the
 * answers in the order of the requests, whichever is ready first.
 *
 * Bounds: a frame is at most `socket.request.max.bytes`, and memory for it is taken only as its bytes arrive. No
 * request is begun while `requestsMax` of the connection are in work, while they and their answers hold more than
 * `heldBytesMax`, while the peer does not take its answers, or while the connection is throttled; what the last chunk
 * brought waits, and no more is read. `ConnectionMemory` bounds what all connections hold. After `turnMsMax` of a turn
 * of the event loop the other connections have theirs.
 */
import {
  isMillraceError,
  MillraceError,
  messageOf,
  type Platform,
  type Socket,
  type SocketHandler,
  type Timer,
} from '@millrace/base';
import {
  type Api,
  apiVersions,
  ByteReader,
  type ByteWriter,
  decodeRequest,
  decodeRequestHeader,
  type EncodedFrame,
  encodeResponse,
  errorCodes,
  FrameSplitter,
  hasVersion,
  type RequestHeader,
  saslAuthenticate,
  saslHandshake,
  WireError,
} from '@millrace/wire';
import type { BrokerEndpoint } from '../broker-endpoint.ts';
import type { AnyHandler, ConnectionHandle, RequestContext } from '../handler.ts';
import { offered } from '../handlers/api-versions.ts';
import type { ClientQuotas } from '../quotas/client-quotas.ts';
import type { Authentication } from '../security/authentication.ts';
import { anonymous } from '../security/principal.ts';
import { AnswerQueue, type AnswerSlot } from './answer-queue.ts';
import type { ConnectionMemory, MemoryHolder } from './connection-memory.ts';

export interface ConnectionOptions {
  readonly broker: BrokerEndpoint;
  readonly handlers: ReadonlyMap<number, AnyHandler>;
  readonly frameBytesMax: number;
  /** The bound on frames before the peer is authenticated; default the one after. */
  readonly openingFrameBytesMax?: number | undefined;
  /** The name of the listener that the connection came through. */
  readonly listener?: string | undefined;
  /** Undefined where peers need not prove anything. */
  readonly authentication?: Authentication | undefined;
  readonly platform: Pick<Platform, 'clock' | 'timers'>;
  readonly memory: ConnectionMemory;
  readonly quotas: ClientQuotas;
  /** Shared by all connections: messages are encoded one at a time. */
  readonly writer: ByteWriter;
  readonly report: (event: { readonly level: 'info' | 'warn' | 'error'; readonly message: string }) => void;
  readonly onClosed: (connection: Connection) => void;
}

/** Requests of one connection that may be in work at once. */
const requestsMax = 128;
const heldBytesMax = 32 * 1024 * 1024;
/** How long a connection begins requests before others have their turn. */
const turnMsMax = 5;
/** What a frame takes before its bytes arrived, until its sender has sent larger ones. */
const firstBufferBytes = 4096;
/** A frame that takes longer than `connections.max.idle.ms` must come at this rate at least. */
const frameBytesPerSecondMin = 1024;

/** APIs that are never throttled for the time they take. */
const authenticates: ReadonlySet<number> = new Set([saslHandshake.key, saslAuthenticate.key]);

interface ThrottledDraft {
  throttleTimeMs?: number;
}

/** A connection was closed because its peer keeps memory and does not go on. */
export class ConnectionLimitError extends MillraceError {
  readonly code = 'connection_limit';
}

export class Connection implements SocketHandler, ConnectionHandle, MemoryHolder {
  software: ConnectionHandle['software'];
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #frames: FrameSplitter;
  readonly #answers: AnswerQueue;
  readonly #closedListeners = new Set<() => void>();
  /** Whether the peer has yet to authenticate, and frames have their smaller bound. */
  #isOpening: boolean;
  /** Whole frames that are not begun yet. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** When bytes came or answers went last, and since when a frame is coming that is not whole. */
  #activeMs: number;
  #frameSinceMs: number;
  #turnBeganMs: number;
  /** How much the peer left untaken when it last took something. */
  #unreadBytes = 0;
  #throttledUntilMs = 0;
  #throttle: Timer | undefined;
  #flushing = false;
  #goingOn = false;
  /** Whether memory is so short that nothing is read. */
  #stopped = false;
  #paused = false;
  #closed = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#answers = new AnswerQueue(options.memory);
    const { authentication, frameBytesMax, openingFrameBytesMax = frameBytesMax } = options;
    this.#isOpening = authentication !== undefined && !authentication.isOpen;
    const bytesMax = this.#isOpening ? openingFrameBytesMax : frameBytesMax;
    this.#frames = new FrameSplitter(bytesMax, (frame) => this.#accept(frame), { firstBufferBytes });
    this.#activeMs = this.#now();
    this.#frameSinceMs = this.#activeMs;
    this.#turnBeganMs = this.#activeMs;
    options.memory.join(this);
    socket.handle(this);
  }

  get listener(): string | undefined {
    return this.#options.listener;
  }

  get authentication(): Authentication | undefined {
    return this.#options.authentication;
  }

  get remotePort(): number {
    return this.#socket.remotePort;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  onClosed(callback: () => void): () => void {
    if (this.#closed) callback();
    else this.#closedListeners.add(callback);
    return () => this.#closedListeners.delete(callback);
  }

  throttle(durationMs: number): void {
    const until = this.#now() + durationMs;
    if (until <= this.#throttledUntilMs || this.#closed) return;
    this.#throttledUntilMs = until;
    this.#throttle?.cancel();
    this.#throttle = this.#options.platform.timers.after(durationMs, () => {
      this.#throttle = undefined;
      this.#goOn();
    });
  }

  /**
   * Closes the connection when nothing is in work and nothing went either way for `idleMsMax`, or when a frame has been
   * coming for that long, and slowly.
   */
  closeIfIdle(idleMsMax: number): void {
    const now = this.#now();
    if (this.#paused && !this.#answers.congested) return;
    if (this.#answers.congested) return this.closeIfUnread(now - idleMsMax);
    if (this.#answers.length === 0 && this.#activeMs < now - idleMsMax) return this.#socket.destroy();
    const { partialBytes } = this.#frames;
    const frameMs = now - this.#frameSinceMs;
    if (partialBytes === undefined || frameMs < idleMsMax) return;
    if (partialBytes * 1000 >= frameMs * frameBytesPerSecondMin) return;
    const reason = `in ${Math.round(frameMs)} ms it sent ${partialBytes} bytes of a request`;
    this.#fail(new ConnectionLimitError(reason));
  }

  get missingBytes(): number {
    return this.#frames.missingBytes;
  }

  get frameSinceMs(): number {
    return this.#frameSinceMs;
  }

  closeAsSlow(): void {
    const message = `memory is short, and it is slow to send the last ${this.missingBytes} bytes of a request`;
    this.#fail(new ConnectionLimitError(message));
  }

  closeIfSilent(timeMs: number): void {
    if (this.#frames.heldBytes === 0 || this.#paused || this.#activeMs >= timeMs) return;
    this.#fail(new ConnectionLimitError('memory is short, and it sends half a request without the rest'));
  }

  closeIfUnread(timeMs: number): void {
    if (!this.#answers.congested) return;
    const { bufferedBytes } = this.#socket;
    if (bufferedBytes < this.#unreadBytes) {
      this.#unreadBytes = bufferedBytes;
      this.#activeMs = this.#now();
    } else if (this.#activeMs < timeMs) {
      this.#fail(new ConnectionLimitError(`it does not take its answers: ${bufferedBytes} bytes wait for it`));
    }
  }

  /** Closes the connection when its peer takes too long to authenticate. */
  closeIfLate(): void {
    if (this.authentication?.isLate()) this.#fail(new ConnectionLimitError('it did not log in in time'));
  }

  readOn(): void {
    this.#stopped = false;
    this.#regulate();
  }

  data(chunk: Uint8Array): void {
    const now = this.#now();
    if (this.#frames.partialBytes === undefined) this.#frameSinceMs = now;
    this.#activeMs = now;
    this.#turnBeganMs = now;
    try {
      this.#frames.push(chunk);
    } catch (error) {
      this.#fail(error);
    }
    const held = this.#count();
    if (!this.#stopped && this.#frames.heldBytes > 0) this.#stopped = this.#options.memory.stops(this, held);
    this.#regulate();
  }

  drained(): void {
    this.#answers.sent();
    this.#activeMs = this.#now();
    this.#answers.grantWaiting();
    this.#goOn();
  }

  closed(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#throttle?.cancel();
    this.#answers.close();
    this.#options.memory.leave(this);
    for (const callback of [...this.#closedListeners]) callback();
    this.#closedListeners.clear();
    this.#options.onClosed(this);
  }

  /** Ends the connection after what is ready was sent. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #accept(frame: Uint8Array): void {
    // What comes next began at the earliest with the bytes that came now.
    this.#frameSinceMs = this.#activeMs;
    if (this.#waiting.length === 0 && !this.#isFull() && !this.#turnIsOver()) return this.#request(frame);
    this.#waiting.push(frame);
    this.#waitingBytes += frame.length;
  }

  #request(frame: Uint8Array): void {
    if (this.#closed) return;
    const { authentication } = this;
    if (authentication?.takesTokens) return this.#token(authentication, frame);
    const reader = new ByteReader(frame);
    const header = decodeRequestHeader(reader);
    authentication?.admit(header.apiKey);
    const handler = this.#options.handlers.get(header.apiKey);
    if (handler === undefined) throw unknownApi(header);
    const slot = this.#answers.begin(frame.length);
    const { api } = handler;
    if (!hasVersion(api.versions, header.apiVersion)) {
      if (api.key !== apiVersions.key) throw unknownApi(header);
      return this.#answer(slot, apiVersions, 0, header, {
        errorCode: errorCodes.UNSUPPORTED_VERSION,
        apiKeys: offered(this.#options.handlers.values()),
      });
    }
    const request = this.#decode(api, header, reader);
    const context: RequestContext = {
      broker: this.#options.broker,
      clientId: header.clientId,
      principal: authentication?.principal ?? anonymous,
      clientHost: this.#socket.remoteHost,
      apiVersion: header.apiVersion,
      connection: this,
      room: slot,
    };
    const { quotas } = this.#options;
    const beganMs = quotas.limitsTime ? this.#now() : 0;
    const answer = handler.handle(request, context);
    if (quotas.limitsTime && !authenticates.has(api.key)) {
      slot.throttleMs = quotas.worked(context, this.#now() - beganMs);
    }
    if (answer instanceof Promise) {
      answer
        .then((draft) => this.#answer(slot, api, header.apiVersion, header, draft))
        .catch((error: unknown) => this.#fail(error));
    } else this.#answer(slot, api, header.apiVersion, header, answer);
  }

  /** A bare SASL token, as after version 0 of SaslHandshake; its answer is one too. */
  #token(authentication: Authentication, token: Uint8Array): void {
    const slot = this.#answers.begin(token.length);
    authentication
      .token(token)
      .then((answer) => this.#settle(slot, answer && bareFrame(answer)))
      .catch((error: unknown) => this.#fail(error));
  }

  #decode(api: Api, header: RequestHeader, reader: ByteReader): unknown {
    try {
      return decodeRequest(api, header.apiVersion, reader);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      const client = header.clientId ?? '(unnamed)';
      const message = `request ${api.name} version ${header.apiVersion} of client ${client}: ${error.message}`;
      throw new WireError(error.code, message, { cause: error });
    }
  }

  #answer(slot: AnswerSlot, api: Api, version: number, header: RequestHeader, draft: unknown): void {
    if (this.#closed) return;
    if (slot.throttleMs > 0) this.#throttleAnswer(slot.throttleMs, draft as ThrottledDraft | undefined);
    const frame =
      draft === undefined
        ? undefined
        : encodeResponse(this.#options.writer, api, version, header.correlationId, draft as never);
    this.#settle(slot, frame);
  }

  /** Tells the client what its handler took too much of, unless it is told of a longer pause already. */
  #throttleAnswer(durationMs: number, draft: ThrottledDraft | undefined): void {
    this.throttle(durationMs);
    if (draft !== undefined) draft.throttleTimeMs = Math.max(durationMs, draft.throttleTimeMs ?? 0);
  }

  #settle(slot: AnswerSlot, frame: EncodedFrame | undefined): void {
    if (this.#closed) return;
    if (this.#isOpening && this.authentication?.isOpen) {
      this.#isOpening = false;
      this.#frames.bytesMax = this.#options.frameBytesMax;
    }
    const isDue = this.#answers.settle(slot, frame);
    if (this.#flushing || !isDue) return;
    this.#flushing = true;
    // In a microtask, so that answers that become ready together leave in one write.
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#closed) return;
    const wasCongested = this.#answers.congested;
    const chunks = this.#answers.takeDue();
    if (chunks.length === 0 || this.#socket.write(chunks)) {
      if (!wasCongested) this.#answers.sent();
    }
    if (!wasCongested) this.#activeMs = this.#now();
    this.#unreadBytes = this.#socket.bufferedBytes;
    this.#answers.grantWaiting();
    this.#count();
    this.#regulate();
    if (this.authentication?.isOver && this.#answers.length === 0) this.#socket.end();
  }

  /** Begins requests that wait, as the bounds allow. */
  #goOn(): void {
    if (this.#closed) return;
    this.#turnBeganMs = this.#now();
    let begun = 0;
    try {
      while (begun < this.#waiting.length && !this.#isFull() && !this.#turnIsOver()) {
        const frame = this.#waiting[begun++] as Uint8Array;
        this.#waitingBytes -= frame.length;
        this.#request(frame);
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#waiting.splice(0, begun);
    this.#count();
    this.#regulate();
  }

  #isFull(): boolean {
    const answers = this.#answers;
    return (
      this.authentication?.isBusy ||
      this.authentication?.isOver ||
      answers.congested ||
      this.#throttle !== undefined ||
      answers.length >= requestsMax ||
      answers.requestBytes + answers.answerBytes > heldBytesMax ||
      (answers.answerBytes > 0 && this.#options.memory.answersAreMany)
    );
  }

  #turnIsOver(): boolean {
    return this.#now() - this.#turnBeganMs > turnMsMax;
  }

  /** Reads on or stops reading, as the bounds ask for, and sees to it that what waits is begun in a coming turn. */
  #regulate(): void {
    if (this.#closed) return;
    const full = this.#isFull();
    if (!full && this.#waiting.length > 0 && !this.#goingOn) {
      this.#goingOn = true;
      this.#options.platform.timers.soon(() => {
        this.#goingOn = false;
        this.#goOn();
      });
    }
    const pause = full || this.#waiting.length > 0 || this.#stopped;
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Tells how much memory the connection holds; answers how much of that is of requests. */
  #count(): number {
    return this.#answers.count(this.#frames.heldBytes + this.#waitingBytes);
  }

  #now(): number {
    return this.#options.platform.clock.monotonic();
  }

  /** A peer that breaks the protocol, a request that can't be answered, or a defect: the connection can't go on. */
  #fail(error: unknown): void {
    if (this.#closed) return;
    const peer = `${this.#socket.remoteHost}:${this.#socket.remotePort}`;
    const level = isMillraceError(error) ? 'warn' : 'error';
    const reason = level === 'warn' ? messageOf(error) : `its request met a defect of the broker: ${messageOf(error)}`;
    this.#options.report({ level, message: `closed the connection of ${peer}: ${reason}` });
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#socket.destroy();
  }
}

/** A length and that many bytes. */
function bareFrame(bytes: Uint8Array): EncodedFrame {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return { chunks: [length, bytes], byteLength: length.length + bytes.length };
}

function unknownApi(header: RequestHeader): WireError {
  const what = `API ${header.apiKey} version ${header.apiVersion}`;
  return new WireError(
    'unsupported_version',
    `${what} of client ${header.clientId ?? '(unnamed)'} is not offered here`,
  );
}
