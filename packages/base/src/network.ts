/**
 * Stream sockets as broker and client see them: callbacks, not streams, because a promise or an event object a chunk is
 * what a fast path can't afford. `node-network.ts` implements it on TCP; a simulation implements it on a virtual clock.
 */
import { MillraceError, messageOf } from './millrace-error.ts';

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
  /** Connections speak TLS; those whose handshake fails are never handed over. A simulated network ignores it. */
  readonly tls?: ListenTls | undefined;
  /**
   * Memory that all accepted connections read into again and again, so that bulk data costs no allocation a read.
   * Chunks may then be views of it, valid only during the call of `data`. Unused with TLS.
   */
  readonly readBuffer?: Uint8Array | undefined;
  /** Told of each TLS handshake that failed, and why. */
  readonly onRefused?: ((remoteHost: string, reason: string) => void) | undefined;
}

/** What a peer proves itself with: PEM text. */
export interface TlsIdentity {
  /** The certificate, followed by those between it and the authority. */
  readonly cert: string;
  readonly key: string;
  /** Of an encrypted key. */
  readonly passphrase?: string | undefined;
}

export interface ListenTls extends TlsIdentity {
  /** Authorities that may have signed clients' certificates, as PEM; default those that Node trusts. */
  readonly ca?: string | undefined;
  /** Whether clients show a certificate; default none. One that is shown must be good, even if it was but requested. */
  readonly clientAuth?: 'none' | 'requested' | 'required' | undefined;
}

export interface ConnectTls {
  /** Authorities to trust, as PEM; default those that Node trusts. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly passphrase?: string | undefined;
  /** The name that the server's certificate must have; default the host. */
  readonly serverName?: string | undefined;
  /** False takes any certificate, of anybody; default true. */
  readonly verify?: boolean | undefined;
}

export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  /** Bound on the time to connect, in milliseconds. */
  readonly timeoutMs: number;
  /** Speaks TLS. A simulated network ignores it. */
  readonly tls?: ConnectTls | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Memory to read into again and again, so that bulk data costs no allocation a read. Chunks may then be views of it,
   * valid only during the call of `data`. Belongs to the socket from now on. Unused with TLS.
   */
  readonly readBuffer?: Uint8Array | undefined;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Takes another identity and other authorities for connections to come. Throws `ListenError`. Only with TLS. */
  renewTls?(tls: ListenTls): void;
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
  /** Of a peer that proved itself with a certificate: its subject as RFC 2253 writes it, most specific part first. */
  readonly peerCertificate?: { readonly subject: string } | undefined;
  /** Bytes accepted by `write` and not yet handed to the kernel. */
  readonly bufferedBytes: number;
  /** Must be called once, in the turn in which the socket was handed over, before which no data is delivered. */
  handle(handler: SocketHandler): void;
  /**
   * Queues the chunks, in order, as one write. The socket owns the bytes until they are sent: the caller must not
   * change them. Answers false when more is buffered than the kernel took; `drained` follows. `sent` is called once
   * the bytes are not needed any more, in a later turn; never, if the socket closes before.
   */
  write(chunks: readonly Uint8Array[], sent?: () => void): boolean;
  /** Stops and restarts delivery of `data`. */
  pause(): void;
  resume(): void;
  /** Sends what is buffered, then closes. */
  end(): void;
  /** Closes at once, dropping what is buffered. */
  destroy(): void;
}

/** A listening socket could not be opened, or not with this certificate. */
export class ListenError extends MillraceError {
  readonly code: 'port_in_use' | 'listen_failed' | 'tls_configuration';
  readonly host: string;
  readonly port: number;

  constructor(
    code: 'port_in_use' | 'listen_failed' | 'tls_configuration',
    options: Pick<ListenOptions, 'host' | 'port'>,
    cause: unknown,
  ) {
    super(listenSentence(code, options, cause), { cause });
    this.code = code;
    this.host = options.host;
    this.port = options.port;
  }
}

function listenSentence(
  code: ListenError['code'],
  { host, port }: Pick<ListenOptions, 'host' | 'port'>,
  cause: unknown,
): string {
  if (code === 'port_in_use') {
    return `port ${port} on ${host} is already in use; stop the program that listens there or choose another port`;
  }
  const reason = messageOf(cause);
  if (code === 'listen_failed') return `cannot listen on ${host}:${port}: ${reason}`;
  return (
    `cannot use the certificate or key given for ${host}:${port}: ${reason}; ` +
    'give both as PEM, the key being that of the first certificate, and the passphrase if it is encrypted'
  );
}

/**
 * A connection could not be opened. `connect_failed` is worth another try, since the peer may come back;
 * `tls_refused` is not: one of the sides does not accept the other's certificate, or one of them speaks no TLS.
 */
export class ConnectError extends MillraceError {
  readonly code: 'connect_failed' | 'tls_refused';
  override readonly retriable: boolean;
  readonly host: string;
  readonly port: number;

  constructor(
    options: Pick<ConnectOptions, 'host' | 'port'>,
    reason: string,
    cause?: unknown,
    code: 'connect_failed' | 'tls_refused' = 'connect_failed',
  ) {
    super(`cannot connect to ${options.host}:${options.port}: ${reason}`, { cause });
    this.code = code;
    this.retriable = code === 'connect_failed';
    this.host = options.host;
    this.port = options.port;
  }
}
