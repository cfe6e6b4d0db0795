/** A network on which everything takes a while: what is sent arrives later, in its order, and so does what comes. */
import type { ConnectOptions, Network, Socket, SocketHandler } from '@millrace/base';

/** `oneWayMs`: how long whatever is sent is under way, in either direction. Connections that are accepted are near. */
export function distantNetwork(network: Network, oneWayMs: number): Network {
  return {
    listen: (options, onConnection) => network.listen(options, onConnection),
    async connect({ readBuffer: _, ...options }: ConnectOptions): Promise<Socket> {
      const [socket] = await Promise.all([network.connect(options), later(2 * oneWayMs)]);
      return distant(socket, oneWayMs);
    },
  };
}

function distant(socket: Socket, oneWayMs: number): Socket {
  // Timers of the same length end in the order in which they began.
  const after = (work: () => void): void => void setTimeout(work, oneWayMs);
  return {
    remoteHost: socket.remoteHost,
    remotePort: socket.remotePort,
    localPort: socket.localPort,
    get bufferedBytes() {
      return socket.bufferedBytes;
    },
    handle(handler: SocketHandler): void {
      let isClosed = false;
      socket.handle({
        data: (chunk) => after(() => isClosed || handler.data(chunk)),
        drained: () => handler.drained(),
        closed: (error) =>
          after(() => {
            isClosed = true;
            handler.closed(error);
          }),
      });
    },
    write(chunks, sent): boolean {
      after(() => socket.write(chunks, sent));
      return true;
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => after(() => socket.end()),
    destroy: () => socket.destroy(),
  };
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
