/**
 * How a server ends: what is in flight is finished within a grace period, and whoever has a connection and asks nothing
 * over it holds nobody up.
 */
import type { Server as NodeServer } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

export interface Closing {
  /** Aborts when the end begins. */
  readonly signal: AbortSignal;
  /** The same end, however often it is called. */
  close(): Promise<void>;
}

/** Of a server that does not listen yet. */
export function closingOf(app: FastifyInstance, graceMs: number): Closing {
  const end = new AbortController();
  const server: NodeServer = app.server;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    if (end.signal.aborted) return void socket.destroy();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  let ended: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    end.abort(new Error('the server is shutting down'));
    // Node takes those for busy that have not begun a first request, as browsers and pools open them in advance.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    await app.close();
    clearTimeout(timer);
  };
  return {
    signal: end.signal,
    close: () => {
      ended ??= run();
      return ended;
    },
  };
}
