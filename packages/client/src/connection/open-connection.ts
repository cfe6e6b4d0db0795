/** Opens connections. */
import { Connection } from './connection.ts';
import type { ConnectionOptions } from './connection-options.ts';

/** Memory that a connection reads into: as much as one read of a socket brings at most. */
const readBufferBytes = 64 * 1024;

/**
 * Opens a connection, learns what the broker speaks, and logs in. Rejects with `ConnectError`, `ConnectionLostError`,
 * `AuthenticationError`, ...
 */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { host, port, platform, connectTimeoutMs, signal, tls } = options;
  // TLS hands over memory of its own.
  const readBuffer = tls === undefined ? Buffer.allocUnsafeSlow(readBufferBytes) : undefined;
  const socket = await platform.network.connect({ host, port, timeoutMs: connectTimeoutMs, tls, signal, readBuffer });
  const connection = new Connection(options, socket);
  // A login may wait for something else than the broker, which does not hear of the connection's end.
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([connection.begin(), aborted.promise]);
  } catch (error) {
    connection.close();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
  return connection;
}
