/**
 * Stream sockets as broker and client see them: callbacks, not streams, because a promise or an event object a chunk is
 * what a fast path can't afford. `node-network.ts` implements it on TCP; a simulation implements it on a virtual clock.
 */
import { MillraceError } from './millrace-error.ts';

export interface Network {
  /** Starts to accept connections. Rejects with `ListenError`. */
  listen(options: ListenOptions, onConnection: (socket: Socket) => void): Promise<Listener>;
  /** Opens a connection. Rejects with `ConnectError`, or with the signal's reason. */
  connect(options: ConnectOptions): Promise<Socket>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
}

export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  /** Bound on the time to connect, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /**
   * Memory to read into again and again, so that bulk data costs no allocation a read. Chunks may then be views of it,
   * valid only during the call of `data`. Belongs to the socket from now on.
   */
  readonly readBuffer?: Uint8Array | undefined;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Stops accepting at once; connections already accepted stay open. Resolves once the last of them is closed. */
  close(): Promise<void>;
}

/** What a socket tells its owner. Calls never overlap, and none comes after `closed`. */
export interface SocketHandler {
  /**
   * Bytes arrived. The receiver may keep views of the chunk, which nobody writes to again, unless it gave a
   * `readBuffer`.
   */
  data(chunk: Uint8Array): void;
  /** The write buffer emptied after `write` had answered false. */
  drained(): void;
  /** The connection is gone: the peer ended it, it failed (`error`), or `destroy` was called. Called exactly once. */
  closed(error: Error | undefined): void;
}

export interface Socket {
  readonly remoteHost: string;
  readonly remotePort: number;
  readonly localPort: number;
  /** Bytes accepted by `write` and not yet handed to the kernel. */
  readonly bufferedBytes: number;
  /** Must be called once, in the turn in which the socket was handed over, before which no data is delivered. */
  handle(handler: SocketHandler): void;
  /**
   * Queues the chunks, in order, as one write. The socket owns the bytes until they are sent: the caller must not
   * change them. Answers false when more is buffered than the kernel took; `drained` follows.
   */
  write(chunks: readonly Uint8Array[]): boolean;
  /** Stops and restarts delivery of `data`. */
  pause(): void;
  resume(): void;
  /** Sends what is buffered, then closes. */
  end(): void;
  /** Closes at once, dropping what is buffered. */
  destroy(): void;
}

/** A listening socket could not be opened. */
export class ListenError extends MillraceError {
  readonly code: 'port_in_use' | 'listen_failed';
  readonly host: string;
  readonly port: number;

  constructor(code: 'port_in_use' | 'listen_failed', options: ListenOptions, cause: unknown) {
    const address = `${options.host}:${options.port}`;
    super(
      code === 'port_in_use'
        ? `port ${options.port} on ${options.host} is already in use; ` +
            'stop the program that listens there or choose another port'
        : `cannot listen on ${address}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
    this.code = code;
    this.host = options.host;
    this.port = options.port;
  }
}

/** A connection could not be opened. Worth another try: the peer may come back. */
export class ConnectError extends MillraceError {
  readonly code = 'connect_failed';
  override readonly retriable = true;
  readonly host: string;
  readonly port: number;

  constructor(options: ConnectOptions, reason: string, cause?: unknown) {
    super(`cannot connect to ${options.host}:${options.port}: ${reason}`, { cause });
    this.host = options.host;
    this.port = options.port;
  }
}
