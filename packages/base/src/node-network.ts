/** `Network` on TCP sockets of `node:net`, with TLS where it is asked for. */
import {
  createServer,
  Socket as NetSocket,
  connect as netConnect,
  type Server,
  type SocketConstructorOpts,
} from 'node:net';
import type { ConnectOptions, Listener, ListenOptions, ListenTls, Network, Socket, SocketHandler } from './network.ts';
import { ConnectError, ListenError } from './network.ts';
import { connectTls, isTlsRefusal, TlsServer, tlsReason } from './node-tls.ts';

export const nodeNetwork: Network = {
  listen: (options, onConnection) =>
    new Promise((resolve, reject) => {
      const { server, tls } = makeServer(options, onConnection);
      // Stays for good: when a connection can't be accepted later, for want of descriptors say, only its peer is
      // concerned, who sees it refused, but an error event without a listener would end the process.
      server.on('error', (error: NodeJS.ErrnoException) => {
        reject(new ListenError(error.code === 'EADDRINUSE' ? 'port_in_use' : 'listen_failed', options, error));
      });
      server.listen({ host: options.host, port: options.port, backlog: 1024 }, () =>
        resolve(new NodeListener(server, tls, options)),
      );
    }),
  connect,
};

function makeServer(
  options: ListenOptions,
  onConnection: (socket: Socket) => void,
): { server: Server; tls: TlsServer | undefined } {
  if (options.tls === undefined) {
    const { readBuffer } = options;
    const pauseOnConnect = readBuffer !== undefined;
    const server = createServer({ noDelay: true, keepAlive: true, pauseOnConnect }, (socket) =>
      onConnection(readBuffer === undefined ? new NodeSocket(socket) : readingInto(socket, readBuffer)),
    );
    return { server, tls: undefined };
  }
  const tls = new TlsServer(options, options.tls, (socket, subject) =>
    onConnection(new NodeSocket(socket, undefined, subject)),
  );
  return { server: tls.server, tls };
}

/**
 * An accepted connection that reads into a buffer. Node offers that only for sockets it makes for us, so one is made
 * for the connection's handle; where a Node keeps that elsewhere, the connection reads as it otherwise would.
 */
function readingInto(accepted: NetSocket, buffer: Uint8Array): NodeSocket {
  const { _handle: handle } = accepted as { _handle?: unknown };
  if (typeof handle !== 'object' || handle === null) {
    accepted.resume();
    return new NodeSocket(accepted);
  }
  Object.assign(accepted, { _handle: null });
  const reader = new BufferReader();
  const options = { handle, onread: { buffer, callback: reader.received } };
  const socket = new NetSocket(options as SocketConstructorOpts);
  // The server counts the accepted one until it ends.
  socket.once('close', () => accepted.destroy());
  return new NodeSocket(socket, reader);
}

function connect(options: ConnectOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const { signal } = options;
    if (signal?.aborted) return reject(signal.reason);
    const { socket, reader } = open(options);
    const fail = (error: unknown): void => {
      settle();
      socket.destroy();
      reject(error);
    };
    const onError = (error: NodeJS.ErrnoException): void => fail(connectError(options, error));
    const onAbort = (): void => fail(signal?.reason);
    const timeout = setTimeout(
      () => fail(new ConnectError(options, `no answer within ${options.timeoutMs} ms`)),
      options.timeoutMs,
    );
    const settle = (): void => {
      clearTimeout(timeout);
      signal?.removeEventListener('abort', onAbort);
      // An error that arrives after the outcome is settled has nobody left to tell.
      socket.off('error', onError).on('error', () => undefined);
    };
    socket.once('error', onError);
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once(options.tls ? 'secureConnect' : 'connect', () => {
      settle();
      resolve(new NodeSocket(socket, reader));
    });
  });
}

function open(options: ConnectOptions): { socket: NetSocket; reader: BufferReader | undefined } {
  const { host, port, readBuffer, tls } = options;
  if (tls !== undefined) return { socket: connectTls(options, tls), reader: undefined };
  const reader = readBuffer && new BufferReader();
  const onread = reader && { buffer: readBuffer as Uint8Array, callback: reader.received };
  return { socket: netConnect({ host, port, noDelay: true, keepAlive: true, ...(onread && { onread }) }), reader };
}

/** Passes on what was read into a buffer of the receiver's. */
class BufferReader {
  handler: SocketHandler | undefined;
  readonly received = (count: number, buffer: Uint8Array): boolean => {
    this.handler?.data(buffer.subarray(0, count));
    return true;
  };
}

function connectError(options: ConnectOptions, error: NodeJS.ErrnoException): ConnectError {
  if (options.tls !== undefined && isTlsRefusal(error)) {
    return new ConnectError(options, tlsReason(error), error, 'tls_refused');
  }
  return new ConnectError(options, connectReason(error, options.tls !== undefined), error);
}

function connectReason(error: NodeJS.ErrnoException, tls: boolean): string {
  if (error.code === 'ECONNREFUSED') return 'connection refused; is the server running there?';
  if (error.code === 'ENOTFOUND') return 'no such host';
  if (error.code === 'ECONNRESET' && tls) {
    return 'the peer closed the connection while TLS was set up; does it speak TLS on this port?';
  }
  return error.message;
}

class NodeListener implements Listener {
  readonly host: string;
  readonly port: number;
  readonly renewTls?: (tls: ListenTls) => void;
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;

  constructor(server: Server, tls: TlsServer | undefined, options: ListenOptions) {
    this.#server = server;
    this.#tls = tls;
    if (tls !== undefined) this.renewTls = (renewed) => tls.renew(renewed);
    const address = server.address();
    this.host = options.host;
    this.port = typeof address === 'object' && address !== null ? address.port : options.port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#tls?.dropHandshakes();
    });
  }
}

class NodeSocket implements Socket {
  readonly remoteHost: string;
  readonly remotePort: number;
  readonly localPort: number;
  readonly peerCertificate: { readonly subject: string } | undefined;
  readonly #socket: NetSocket;
  /** How data comes, when not by events. */
  readonly #reader: BufferReader | undefined;
  #error: Error | undefined;

  constructor(socket: NetSocket, reader?: BufferReader, peerSubject?: string) {
    this.#socket = socket;
    this.#reader = reader;
    this.remoteHost = socket.remoteAddress ?? '';
    this.remotePort = socket.remotePort ?? 0;
    this.localPort = socket.localPort ?? 0;
    this.peerCertificate = peerSubject === undefined ? undefined : { subject: peerSubject };
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  handle(handler: SocketHandler): void {
    const socket = this.#socket;
    if (this.#reader === undefined) socket.on('data', (chunk: Uint8Array) => handler.data(chunk));
    else this.#reader.handler = handler;
    socket.on('drain', () => handler.drained());
    socket.on('error', (error) => {
      this.#error = isTlsRefusal(error) ? new Error(tlsReason(error), { cause: error }) : error;
    });
    socket.on('close', () => handler.closed(this.#error));
  }

  write(chunks: readonly Uint8Array[], sent?: () => void): boolean {
    const socket = this.#socket;
    if (!socket.writable) return true;
    const written = sent && ((error?: Error | null) => void (error ? undefined : sent()));
    if (chunks.length === 1) return socket.write(chunks[0] as Uint8Array, written);
    socket.cork();
    let free = true;
    const last = chunks.length - 1;
    for (let index = 0; index < last; index++) socket.write(chunks[index] as Uint8Array);
    if (last >= 0) free = socket.write(chunks[last] as Uint8Array, written);
    socket.uncork();
    return free;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
