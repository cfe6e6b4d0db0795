/**
 * A network in memory at whose other end a test answers: raw bytes, or as a broker that answers each request as it is
 * told to. For what a real broker does not do on demand.
 */
import {
  ConnectError,
  type Network,
  nodePlatform,
  type Platform,
  type Socket,
  type SocketHandler,
} from '@millrace/base';
import {
  type Api,
  apiByKey,
  apis,
  ByteReader,
  ByteWriter,
  decodeRequest,
  decodeRequestHeader,
  encodeResponse,
  FrameSplitter,
  type RequestOf,
  type ResponseDraft,
  versionRange,
} from '@millrace/wire';

/** The far end of one connection. */
export interface Peer {
  /** What the client sent so far, frame by frame, lengths left out. */
  readonly frames: readonly Uint8Array[];
  readonly isEnded: boolean;
  /** Sends bytes to the client. */
  send(bytes: Uint8Array): void;
  /** Ends the connection from the far end. */
  end(): void;
}

export interface ScriptedNetwork {
  readonly platform: Platform;
  readonly peers: readonly Peer[];
}

/** Calls `onFrame` with each frame a client sends. Connecting to port 1 is refused. */
export function scriptedNetwork(onFrame: (peer: Peer, frame: Uint8Array) => void): ScriptedNetwork {
  const peers: ScriptedSocket[] = [];
  const network: Network = {
    listen: () => Promise.reject(new Error('a scripted network does not listen')),
    async connect(options) {
      if (options.port === 1) throw new ConnectError(options, 'connection refused');
      const socket = new ScriptedSocket(onFrame, options.port);
      peers.push(socket);
      return socket;
    },
  };
  return { platform: { ...nodePlatform, network }, peers };
}

class ScriptedSocket implements Socket, Peer {
  readonly remoteHost = 'broker';
  readonly remotePort: number;
  readonly localPort = 2;
  readonly bufferedBytes = 0;
  readonly frames: Uint8Array[] = [];
  readonly #splitter: FrameSplitter;
  #handler: SocketHandler | undefined;
  isEnded = false;

  constructor(onFrame: (peer: Peer, frame: Uint8Array) => void, port: number) {
    this.remotePort = port;
    this.#splitter = new FrameSplitter(2 ** 31 - 1, (frame) => {
      this.frames.push(frame);
      setImmediate(() => onFrame(this, frame));
    });
  }

  handle(handler: SocketHandler): void {
    this.#handler = handler;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    // The bytes are the client's again once they are sent, so what stays here is a copy.
    for (const chunk of chunks) this.#splitter.push(Uint8Array.from(chunk));
    return true;
  }

  send(bytes: Uint8Array): void {
    setImmediate(() => {
      if (!this.isEnded) this.#handler?.data(bytes);
    });
  }

  pause(): void {
    throw new Error('nothing pauses a scripted socket');
  }

  resume(): void {
    throw new Error('nothing resumes a scripted socket');
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    setImmediate(() => this.#handler?.closed(undefined));
  }
}

/** How a scripted broker answers one API: with a response, not at all, or by ending the connection. */
export type Answer<A extends Api = Api> = (
  request: RequestOf<A>,
  version: number,
) => ResponseDraft<A> | 'silence' | 'end';

/** Answers by API name; ApiVersions is answered unless the script has an answer of its own. */
export class ScriptedBroker {
  readonly #answers = new Map<string, Answer>();
  readonly #writer = new ByteWriter();
  /** Peers of before a restart. */
  readonly #gone = new WeakSet<Peer>();
  readonly network: ScriptedNetwork;

  constructor() {
    this.network = scriptedNetwork((peer, frame) => this.#answer(peer, frame));
    this.#answers.set('ApiVersions', () => ({ errorCode: 0, apiKeys: this.#apiKeys() }));
  }

  on<A extends Api>(api: A, answer: Answer<A>): this {
    this.#answers.set(api.name, answer as unknown as Answer);
    return this;
  }

  /** Ends all connections; what came over them and is not answered yet is never worked on. */
  restart(): void {
    for (const peer of this.network.peers) {
      this.#gone.add(peer);
      peer.end();
    }
  }

  /** All APIs, but telemetry's only in a script that has it: clients ask for that by themselves. */
  #apiKeys() {
    const offered = apis.filter((api: Api) => !/Telemetry/.test(api.name) || this.#answers.has(api.name));
    return offered.map((api: Api) => {
      const { first, last } = versionRange(api.versions);
      return { apiKey: api.key, minVersion: first, maxVersion: last };
    });
  }

  #answer(peer: Peer, frame: Uint8Array): void {
    if (this.#gone.has(peer)) return;
    const reader = new ByteReader(frame);
    const { apiKey, apiVersion, correlationId } = decodeRequestHeader(reader);
    const api = apiByKey(apiKey) as Api;
    const request = decodeRequest(api, apiVersion, reader);
    const answer = this.#answers.get(api.name)?.(request, apiVersion) ?? 'end';
    if (answer === 'silence') return;
    if (answer === 'end') return peer.end();
    const { chunks } = encodeResponse(this.#writer, api, apiVersion, correlationId, answer);
    peer.send(Buffer.concat(chunks));
  }
}
