/** Why a broker ended a connection, as far as what it did and how far things had come can tell. */
import { ConnectError } from '@millrace/base';
import { ConnectionLostError } from '../errors.ts';
import type { ConnectionOptions } from './connection-options.ts';

/** `greeting`: the broker said nothing yet; `greeted`: only its versions; `accepted`: it answered more. */
export type ConnectionStage = 'greeting' | 'greeted' | 'accepted';

type Where = Pick<ConnectionOptions, 'host' | 'port' | 'tls' | 'sasl'>;

/** With these a TLS server's alert begins: the only thing that it says to who does not speak TLS. */
const tlsAlertType = 0x15;
const tlsMajorVersion = 0x03;

export function isTlsAlert(chunk: Uint8Array): boolean {
  return chunk[0] === tlsAlertType && chunk[1] === tlsMajorVersion;
}

/** The error of a plain connection to a port of TLS. */
export function speaksTls({ host, port }: Where): ConnectError {
  const reason = 'the broker speaks TLS on this port; set security.tls, or use the port of a PLAINTEXT listener';
  return new ConnectError({ host, port }, reason, undefined, 'tls_refused');
}

/** The error of a connection that the other side ended; `error` is the socket's, if it had one. */
export function closedByBroker(where: Where, stage: ConnectionStage, error: Error | undefined): Error {
  const { host, port, tls } = where;
  const code = (error?.cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  // Since TLS 1.3 a broker says only after the handshake that it does not take our certificate.
  if (error !== undefined && tls !== undefined && stage !== 'accepted' && code.startsWith('ERR_SSL_')) {
    return new ConnectError({ host, port }, error.message, error, 'tls_refused');
  }
  return new ConnectionLostError(`${host}:${port}`, error?.message ?? reasonOf(where, stage), error);
}

function silenceOf(tls: Where['tls']): string {
  if (tls === undefined) return 'perhaps it wants TLS on this port: set security.tls';
  if (tls.cert === undefined) return 'is it a Kafka broker, or does it want a certificate: security.tls.cert and key?';
  return "perhaps it does not accept the client's certificate: check who signed security.tls.cert, and its dates";
}

/** A broker closes without a word what does not speak as its listener wants. */
function reasonOf({ tls, sasl }: Where, stage: ConnectionStage): string {
  if (stage === 'accepted') return 'the broker closed it';
  if (stage === 'greeting') {
    return `the broker closed it before it said anything; ${silenceOf(tls)}`;
  }
  if (sasl !== undefined) return 'the broker closed it during the login';
  return 'the broker closed it at the first request; perhaps it wants a login on this port: set security.sasl';
}
