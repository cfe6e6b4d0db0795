/**
 * A connection to a broker that speaks the protocol through `wire` alone and shares no code with the broker or our
 * client, so that it can be the judge of both. Requests may overlap; answers must come in their order.
 */
import type { Platform, Randomness, Socket, Timer } from '@millrace/base';
import {
  type Api,
  ByteWriter,
  correlationIdOf,
  decodeResponse,
  encodeRequest,
  type RequestDraft,
  type ResponseOf,
} from '@millrace/wire';

/** The connection is gone, or was given up because an answer took too long: what became of the request is not known. */
export class ConnectionGone extends Error {
  override readonly name = 'ConnectionGone';
}

/** The broker did what no broker may do. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
}

interface Waiting {
  readonly correlationId: number;
  readonly timer: Timer;
  answer(frame: Uint8Array): void;
  fail(error: Error): void;
}

export interface WireConnectionOptions {
  readonly platform: Platform;
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  /** Bound on an answer. */
  readonly timeoutMs: number;
  /** Told of a `ProtocolViolation`. */
  readonly onViolation: (error: ProtocolViolation) => void;
}

const connectTimeoutMs = 3000;

export class WireConnection {
  readonly #options: WireConnectionOptions;
  readonly #socket: Socket;
  readonly #writer = new ByteWriter();
  readonly #waiting: Waiting[] = [];
  #received: Buffer = Buffer.alloc(0);
  #nextCorrelationId: number;
  #gone: ConnectionGone | undefined;

  private constructor(options: WireConnectionOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    this.#nextCorrelationId = options.platform.randomness.integer(2 ** 31);
    socket.handle({
      data: (chunk) => this.#receive(chunk),
      drained: () => undefined,
      closed: (error) => this.#end(error?.message ?? 'closed by the broker'),
    });
  }

  /** Rejects with `ConnectError`. */
  static async open(options: WireConnectionOptions): Promise<WireConnection> {
    const { host, port, platform } = options;
    return new WireConnection(options, await platform.network.connect({ host, port, timeoutMs: connectTimeoutMs }));
  }

  get isOpen(): boolean {
    return this.#gone === undefined;
  }

  /** Rejects with `ConnectionGone`. */
  request<A extends Api>(api: A, version: number, draft: RequestDraft<A>): Promise<ResponseOf<A>> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) throw this.#gone;
      const { platform, timeoutMs } = this.#options;
      const correlationId = this.#send(api, version, draft);
      const timer = platform.timers.after(timeoutMs, () => this.#end(`no answer within ${timeoutMs} ms`));
      const answer = (frame: Uint8Array): void => resolve(decodeResponse(api, version, frame));
      this.#waiting.push({ correlationId, timer, answer, fail: reject });
    });
  }

  /** For a request that gets no answer. */
  post<A extends Api>(api: A, version: number, draft: RequestDraft<A>): void {
    if (this.#gone === undefined) this.#send(api, version, draft);
  }

  close(): void {
    this.#end('closed here');
  }

  #send<A extends Api>(api: A, version: number, draft: RequestDraft<A>): number {
    const correlationId = this.#nextCorrelationId;
    this.#nextCorrelationId = (correlationId + 1) & 0x7fff_ffff;
    const frame = encodeRequest(this.#writer, api, version, correlationId, this.#options.clientId, draft);
    this.#socket.write(frame.chunks);
    return correlationId;
  }

  #receive(chunk: Uint8Array): void {
    this.#received = this.#received.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4 && this.#gone === undefined) {
      const end = 4 + this.#received.readInt32BE(0);
      if (this.#received.length < end) return;
      const frame = this.#received.subarray(4, end);
      this.#received = this.#received.subarray(end);
      this.#answer(frame);
    }
  }

  #answer(frame: Uint8Array): void {
    const waiting = this.#waiting.shift();
    const correlationId = correlationIdOf(frame);
    if (waiting === undefined || waiting.correlationId !== correlationId) {
      const expected = waiting === undefined ? 'nothing' : String(waiting.correlationId);
      const violation = new ProtocolViolation(`an answer to request ${correlationId} came where ${expected} was due`);
      this.#options.onViolation(violation);
      return this.#end(violation.message);
    }
    waiting.timer.cancel();
    try {
      waiting.answer(frame);
    } catch (error) {
      this.#options.onViolation(new ProtocolViolation(`an answer could not be decoded: ${String(error)}`));
    }
  }

  #end(reason: string): void {
    if (this.#gone !== undefined) return;
    this.#gone = new ConnectionGone(reason);
    this.#socket.destroy();
    for (const waiting of this.#waiting.splice(0)) {
      waiting.timer.cancel();
      waiting.fail(this.#gone);
    }
  }
}

/** A version from `least` to `most`, any. */
export function someVersion(randomness: Randomness, least: number, most: number): number {
  return least + randomness.integer(most - least + 1);
}
