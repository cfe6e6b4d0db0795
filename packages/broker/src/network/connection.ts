/**
 * One client's connection: cuts frames out of the socket's chunks, hands requests to their handlers, and sends the
 * answers in the order of the requests, whichever is ready first.
 *
 * Bounds: a frame is at most `socket.request.max.bytes`, and memory for it is taken only as its bytes arrive. No
 * request is begun while `requestsMax` of the connection are in work, while they and answers that wait for earlier ones
 * hold more than `heldBytesMax`, or while the peer does not take its answers; what the last chunk brought waits, and no
 * more is read.
 */
import { type Clock, isMillraceError, messageOf, type Socket, type SocketHandler } from '@millrace/base';
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
  WireError,
} from '@millrace/wire';
import type { BrokerEndpoint } from '../broker-endpoint.ts';
import type { AnyHandler, ConnectionHandle } from '../handler.ts';
import { offered } from '../handlers/api-versions.ts';
import { anonymous } from '../security/principal.ts';

export interface ConnectionOptions {
  readonly broker: BrokerEndpoint;
  readonly handlers: ReadonlyMap<number, AnyHandler>;
  readonly frameBytesMax: number;
  readonly clock: Clock;
  /** Shared by all connections: messages are encoded one at a time. */
  readonly writer: ByteWriter;
  readonly report: (event: { readonly level: 'info' | 'warn' | 'error'; readonly message: string }) => void;
  readonly onClosed: (connection: Connection) => void;
}

/** A place in the order of answers. */
interface Slot {
  done: boolean;
  /** Undefined once done: the request gets no answer. */
  frame: EncodedFrame | undefined;
  /** What it keeps in memory: the request, and once it is done the answer. */
  bytes: number;
}

/** Requests of one connection that may be in work at once. */
const requestsMax = 128;
const heldBytesMax = 32 * 1024 * 1024;

export class Connection implements SocketHandler, ConnectionHandle {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #frames: FrameSplitter;
  readonly #closedListeners = new Set<() => void>();
  #slots: Slot[] = [];
  #heldBytes = 0;
  /** Whole frames that are not begun yet. */
  #waiting: Uint8Array[] = [];
  #activeMs: number;
  #flushing = false;
  #congested = false;
  #paused = false;
  #closed = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#frames = new FrameSplitter(options.frameBytesMax, (frame) => this.#accept(frame));
    this.#activeMs = options.clock.monotonic();
    socket.handle(this);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  onClosed(callback: () => void): () => void {
    if (this.#closed) callback();
    else this.#closedListeners.add(callback);
    return () => this.#closedListeners.delete(callback);
  }

  /** Closes the connection when nothing is in work and nothing was received or sent since `timeMs`, monotonic. */
  closeIfIdle(timeMs: number): void {
    if (this.#slots.length === 0 && !this.#congested && this.#activeMs < timeMs) this.#socket.destroy();
  }

  data(chunk: Uint8Array): void {
    this.#activeMs = this.#options.clock.monotonic();
    try {
      this.#frames.push(chunk);
    } catch (error) {
      this.#fail(error);
    }
    this.#regulate();
  }

  drained(): void {
    this.#congested = false;
    this.#goOn();
  }

  closed(): void {
    this.#closed = true;
    this.#slots = [];
    this.#waiting = [];
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
    if (this.#waiting.length > 0 || this.#isFull()) this.#waiting.push(frame);
    else this.#request(frame);
  }

  #request(frame: Uint8Array): void {
    if (this.#closed) return;
    const reader = new ByteReader(frame);
    const header = decodeRequestHeader(reader);
    const handler = this.#options.handlers.get(header.apiKey);
    if (handler === undefined) throw unknownApi(header);
    const slot: Slot = { done: false, frame: undefined, bytes: frame.length };
    this.#slots.push(slot);
    this.#heldBytes += slot.bytes;
    const { api } = handler;
    if (!hasVersion(api.versions, header.apiVersion)) {
      if (api.key !== apiVersions.key) throw unknownApi(header);
      return this.#answer(slot, apiVersions, 0, header, {
        errorCode: errorCodes.UNSUPPORTED_VERSION,
        apiKeys: offered(this.#options.handlers.values()),
      });
    }
    const request = this.#decode(api, header, reader);
    const answer = handler.handle(request, {
      broker: this.#options.broker,
      clientId: header.clientId,
      principal: anonymous,
      clientHost: this.#socket.remoteHost,
      apiVersion: header.apiVersion,
      connection: this,
    });
    if (answer instanceof Promise) {
      answer
        .then((draft) => this.#answer(slot, api, header.apiVersion, header, draft))
        .catch((error: unknown) => this.#fail(error));
    } else this.#answer(slot, api, header.apiVersion, header, answer);
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

  #answer(slot: Slot, api: Api, version: number, header: RequestHeader, draft: unknown): void {
    if (this.#closed) return;
    if (draft !== undefined) {
      slot.frame = encodeResponse(this.#options.writer, api, version, header.correlationId, draft as never);
    }
    slot.done = true;
    this.#heldBytes -= slot.bytes;
    slot.bytes = slot.frame?.byteLength ?? 0;
    this.#heldBytes += slot.bytes;
    if (this.#flushing || this.#slots[0] !== slot) return;
    this.#flushing = true;
    // In a microtask, so that answers that become ready together leave in one write.
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#closed) return;
    const chunks: Uint8Array[] = [];
    let sent = 0;
    for (; sent < this.#slots.length; sent++) {
      const { done, frame, bytes } = this.#slots[sent] as Slot;
      if (!done) break;
      this.#heldBytes -= bytes;
      // One by one: an answer may have more chunks than a call takes arguments.
      for (const chunk of frame?.chunks ?? []) chunks.push(chunk);
    }
    this.#slots.splice(0, sent);
    if (chunks.length > 0 && !this.#socket.write(chunks)) this.#congested = true;
    this.#activeMs = this.#options.clock.monotonic();
    this.#goOn();
  }

  /** Begins requests that wait, as the bounds allow. */
  #goOn(): void {
    let begun = 0;
    try {
      while (begun < this.#waiting.length && !this.#isFull()) this.#request(this.#waiting[begun++] as Uint8Array);
    } catch (error) {
      this.#fail(error);
    }
    this.#waiting.splice(0, begun);
    this.#regulate();
  }

  #isFull(): boolean {
    return this.#congested || this.#slots.length >= requestsMax || this.#heldBytes > heldBytesMax;
  }

  /** Reads on or stops reading, as the bounds ask for. */
  #regulate(): void {
    const full = this.#isFull() || this.#waiting.length > 0;
    if (full === this.#paused || this.#closed) return;
    this.#paused = full;
    if (full) this.#socket.pause();
    else this.#socket.resume();
  }

  /** A peer that breaks the protocol, a request that can't be answered, or a defect: the connection can't go on. */
  #fail(error: unknown): void {
    if (this.#closed) return;
    const peer = `${this.#socket.remoteHost}:${this.#socket.remotePort}`;
    const level = isMillraceError(error) ? 'warn' : 'error';
    const reason = level === 'warn' ? messageOf(error) : `its request met a defect of the broker: ${messageOf(error)}`;
    this.#options.report({ level, message: `closed the connection of ${peer}: ${reason}` });
    this.#waiting = [];
    this.#socket.destroy();
  }
}

function unknownApi(header: RequestHeader): WireError {
  const what = `API ${header.apiKey} version ${header.apiVersion}`;
  return new WireError(
    'unsupported_version',
    `${what} of client ${header.clientId ?? '(unnamed)'} is not offered here`,
  );
}
