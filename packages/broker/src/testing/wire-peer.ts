/**
 * For tests: a client that speaks the protocol one request at a time, in whichever version it is told, over a real
 * socket.
 */
import { type ConnectTls, nodeNetwork, type Socket } from '@millrace/base';
import {
  type Api,
  ByteWriter,
  decodeResponse,
  encodeRequest,
  FrameSplitter,
  type RequestDraft,
  type ResponseOf,
  versionRange,
} from '@millrace/wire';

export class WirePeer implements Disposable {
  readonly #socket: Socket;
  readonly #frames = new FrameSplitter(2 ** 28, (frame) => this.#waiting.shift()?.(frame));
  readonly #writer = new ByteWriter();
  readonly #waiting: ((frame: Uint8Array) => void)[] = [];
  readonly #ended: Promise<void>;
  #correlationId = 0;
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#ended = new Promise((resolve) => {
      socket.handle({
        data: (chunk) => this.#frames.push(chunk),
        drained: () => undefined,
        closed: () => {
          this.#closed = true;
          resolve();
        },
      });
    });
  }

  static async connect(port: number, tls?: ConnectTls): Promise<WirePeer> {
    return new WirePeer(await nodeNetwork.connect({ host: '127.0.0.1', port, timeoutMs: 5000, tls }));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Resolves when the broker has ended the connection. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Sends a request in the highest version, or the one named, and resolves with the answer. */
  async request<A extends Api>(
    api: A,
    draft: RequestDraft<A>,
    version = versionRange(api.versions).last,
  ): Promise<ResponseOf<A>> {
    const frame = await this.exchange(this.encode(api, draft, version));
    return decodeResponse(api, version, frame);
  }

  encode<A extends Api>(
    api: A,
    draft: RequestDraft<A>,
    version = versionRange(api.versions).last,
  ): readonly Uint8Array[] {
    this.#correlationId += 1;
    return encodeRequest(this.#writer, api, version, this.#correlationId, 'peer', draft).chunks;
  }

  /** Sends bytes and resolves with the next frame that comes. */
  exchange(chunks: readonly Uint8Array[]): Promise<Uint8Array> {
    const answer = new Promise<Uint8Array>((resolve) => this.#waiting.push(resolve));
    this.#socket.write(chunks);
    return answer;
  }

  send(chunks: readonly Uint8Array[]): void {
    this.#socket.write(chunks);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
