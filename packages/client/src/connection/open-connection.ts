/** Opens connections. */
import { metadata } from '@millrace/wire';
import { Connection } from './connection.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { WrongClusterError } from './wrong-cluster-error.ts';

/** Memory that a connection reads into: as much as one read of a socket brings at most. */
const readBufferBytes = 64 * 1024;

/**
 * Opens a connection, learns what the broker speaks, logs in, and asks whose broker it is where that counts. Rejects
 * with `ConnectError`, `ConnectionLostError`, `AuthenticationError`, `WrongClusterError`, ...
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
    await Promise.race([begin(connection, options), aborted.promise]);
  } catch (error) {
    connection.close();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
  return connection;
}

async function begin(connection: Connection, options: ConnectionOptions): Promise<void> {
  await connection.begin();
  const { acceptsCluster, connectTimeoutMs: timeoutMs } = options;
  // Brokers before that tell no id, and all topics when asked for none.
  if (acceptsCluster === undefined || !connection.supports(metadata, 2)) return;
  const { clusterId } = await connection.request(metadata, { topics: [] }, { timeoutMs });
  if (clusterId !== null && !acceptsCluster(clusterId)) throw new WrongClusterError(connection.broker, clusterId);
}
