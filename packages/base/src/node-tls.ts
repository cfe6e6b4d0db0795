/**
 * TLS of `nodeNetwork`: servers on `node:tls` whose certificate can be renewed, client sockets, and what a refused
 * handshake means in words.
 *
 * A peer that connects and does not finish its handshake holds a socket for at most `handshakeMsMax`, and at most
 * `handshakesMax` such peers are there at once: then the one that waits longest goes.
 */
import { isIP, type Socket as NetSocket } from 'node:net';
import {
  checkServerIdentity,
  createSecureContext,
  createServer,
  type SecureContext,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
  connect as tlsConnect,
} from 'node:tls';
import { subjectOf } from './distinguished-name.ts';
import { messageOf } from './millrace-error.ts';
import {
  ConnectError,
  type ConnectOptions,
  type ConnectTls,
  ListenError,
  type ListenOptions,
  type ListenTls,
} from './network.ts';

const handshakeMsMax = 10_000;
const handshakesMax = 1024;

/** A TLS server that hands over the sockets whose handshake succeeded, with the subject of the peer's certificate. */
export class TlsServer {
  readonly server: Server;
  readonly #options: ListenOptions;
  /** Connections in their handshake by their peers' addresses, in the order of their arrival. */
  readonly #handshaking = new Map<string, NetSocket>();

  /** Throws `ListenError` when certificate or key can't be used. */
  constructor(options: ListenOptions, tls: ListenTls, onSecure: (socket: TLSSocket, subject?: string) => void) {
    this.#options = options;
    const { clientAuth = 'none' } = tls;
    this.server = this.#checked(() =>
      createServer({
        ...contextOptions(tls),
        noDelay: true,
        keepAlive: true,
        handshakeTimeout: handshakeMsMax,
        requestCert: clientAuth !== 'none',
        rejectUnauthorized: clientAuth === 'required',
      }),
    );
    this.server.on('connection', (socket: NetSocket) => this.#began(socket));
    this.server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
      // A certificate that did not pass is told by the socket; its error says but that the connection is over.
      const cause = socket.authorizationError ? asError(socket.authorizationError) : error;
      options.onRefused?.(socket.remoteAddress ?? '(gone)', tlsReason(cause));
      socket.destroy();
    });
    this.server.on('secureConnection', (socket: TLSSocket) => {
      this.#handshaking.delete(addressOf(socket));
      const peer = provenPeer(socket);
      if (peer.refused === undefined) return onSecure(socket, peer.subject);
      options.onRefused?.(socket.remoteAddress ?? '(gone)', peer.refused);
      socket.on('error', () => undefined).destroy();
    });
  }

  /** Connections to come see another certificate. Throws `ListenError`, and then the one before stays. */
  renew(tls: ListenTls): void {
    this.#checked(() => this.server.setSecureContext(contextOptions(tls)));
  }

  dropHandshakes(): void {
    for (const socket of this.#handshaking.values()) socket.destroy();
  }

  #began(socket: NetSocket): void {
    const peer = addressOf(socket);
    this.#handshaking.set(peer, socket);
    socket.once('close', () => this.#handshaking.delete(peer));
    if (this.#handshaking.size <= handshakesMax) return;
    for (const oldest of this.#handshaking.values()) return void oldest.destroy();
  }

  #checked<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new ListenError('tls_configuration', this.#options, error);
    }
  }
}

/** A socket whose events tell of the handshake: `secureConnect` or `error`. */
export function connectTls({ host, port }: ConnectOptions, tls: ConnectTls): TLSSocket {
  const { serverName = host, verify = true } = tls;
  const socket = tlsConnect({
    host,
    port,
    secureContext: clientContext({ host, port }, tls),
    rejectUnauthorized: verify,
    checkServerIdentity: (_host, certificate) => checkServerIdentity(serverName, certificate),
    ...(isIP(serverName) === 0 && { servername: serverName }),
  });
  return socket.setNoDelay(true).setKeepAlive(true);
}

/** Throws `ConnectError` for certificates and keys that can't be read, or do not belong together. */
function clientContext(where: Pick<ConnectOptions, 'host' | 'port'>, tls: ConnectTls): SecureContext {
  const { ca, cert, key, passphrase } = tls;
  try {
    return createSecureContext({
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(passphrase !== undefined && { passphrase }),
    });
  } catch (error) {
    // OpenSSL's words behind its number and its libraries' names.
    const problem = messageOf(error).split(':').at(-1);
    const reason =
      `TLS can't be set up with the certificates and keys given: ${problem}; check that ca, cert and key are PEM ` +
      "texts, and that the key is the certificate's";
    throw new ConnectError(where, reason, error, 'tls_refused');
  }
}

const refusedCertificate = 'the peer does not accept the certificate shown to it; check who signed it and its dates';
const expiredCertificate = 'the peer says that the certificate shown to it has expired; renew it';
const strangeAuthority = 'the peer does not trust the authority that signed the certificate shown to it; show another';

const reasons: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'the certificate has expired; renew it, or check the clock'],
  ['CERT_NOT_YET_VALID', 'the certificate is not valid yet; check the clock'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'the certificate is signed by itself; give it as an authority to trust it'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'the authority that signed the certificate is not trusted; give its certificate'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'the authority that signed the certificate is not trusted; give its certificate'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'the authority that signed the certificate is unknown; give its certificate'],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'the authority that signed the certificate is unknown; give its certificate, or those between in the chain',
  ],
  ['CERT_SIGNATURE_FAILURE', "the certificate's signature is not the authority's"],
  ['CERT_UNTRUSTED', 'the certificate is not trusted for this use'],
  ['INVALID_PURPOSE', 'the certificate is made for another purpose; look at its extended key usage'],
  ['INVALID_CA', 'a certificate in the chain is not that of an authority'],
  ['CERT_CHAIN_TOO_LONG', 'the chain of certificates is too long'],
  ['CERT_REVOKED', 'the certificate is revoked'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'the peer does not speak TLS on this port; check the security protocol'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'the peer does not speak TLS on this port; check the security protocol'],
  ['ERR_SSL_HTTP_REQUEST', 'the peer speaks HTTP without TLS'],
  ['ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', 'the peer showed no certificate, and one is required'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'the peer asks for a certificate; give one with its key'],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', refusedCertificate],
  ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', refusedCertificate],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', expiredCertificate],
  ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', expiredCertificate],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', strangeAuthority],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', refusedCertificate],
  ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN', refusedCertificate],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'the peer speaks none of the TLS versions that are spoken here'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'the peer speaks none of the TLS versions that are spoken here'],
]);

/** Whether it failed because one side does not accept the other, which another try does not mend. */
export function isTlsRefusal({ code }: NodeJS.ErrnoException): boolean {
  if (code === undefined) return false;
  return reasons.has(code) || code.startsWith('ERR_SSL_') || code === 'ERR_TLS_CERT_ALTNAME_INVALID';
}

/** What a failed handshake means, and what to do about it. */
export function tlsReason(error: NodeJS.ErrnoException): string {
  const known = reasons.get(error.code ?? '');
  if (known !== undefined) return `TLS was refused: ${known}`;
  if (error.code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `TLS was refused: the certificate is of another host (${error.message}); name the server as it does`;
  }
  return `TLS failed: ${error.message}`;
}

function contextOptions({ cert, key, passphrase, ca }: ListenTls): SecureContextOptions {
  return { cert, key, ...(passphrase !== undefined && { passphrase }), ...(ca !== undefined && { ca }) };
}

/** The subject of the certificate that a peer showed, or why it is refused: what is shown must be good. */
function provenPeer(socket: TLSSocket): { subject?: string; refused?: string } {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return {};
  if (!socket.authorized) return { refused: tlsReason(asError(socket.authorizationError)) };
  try {
    return { subject: subjectOf(certificate.raw) };
  } catch (error) {
    return { refused: messageOf(error) };
  }
}

/** Node gives the code alone here, whatever its types say. */
function asError(reason: unknown): NodeJS.ErrnoException {
  return Object.assign(new Error(messageOf(reason)), { code: String(reason) });
}

function addressOf(socket: NetSocket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
