/**
 * Free ports on loopback for servers that are started by other programs, so that their ports must be known before.
 *
 * They lie below those which systems give to outgoing connections. A port is reserved between processes by its UDP
 * twin, which nobody else wants: the system lets one process hold it, and frees it however that process ends. A
 * reserved port so stays reserved while its server is down. A stranger who takes one meanwhile can't be kept out.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

const FIRST_PORT = 15_000;
const LAST_PORT = 32_000;
const ATTEMPTS_MAX = LAST_PORT - FIRST_PORT;

/** Ports that are this process's until it gives them back. */
export interface ReservedPorts {
  readonly ports: readonly number[];
  release(): void;
}

/** Reserves `count` free ports. Throws when there are none. */
export async function reservePorts(count: number): Promise<ReservedPorts> {
  const held: { readonly port: number; readonly socket: Socket }[] = [];
  const release = (): void => {
    for (const { socket } of held.splice(0)) socket.close();
  };
  for (let attempt = 0; held.length < count; attempt++) {
    if (attempt > ATTEMPTS_MAX) {
      release();
      throw new Error(`no ${count} ports between ${FIRST_PORT} and ${LAST_PORT} are free on 127.0.0.1`);
    }
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    const socket = await hold(port);
    if (socket !== undefined) held.push({ port, socket });
  }
  return { ports: held.map(({ port }) => port), release };
}

/** The port's UDP twin, bound; undefined when another process has it or a server listens on the port. */
async function hold(port: number): Promise<Socket | undefined> {
  const socket = createSocket('udp4').unref();
  try {
    socket.bind({ port, address: '127.0.0.1', exclusive: true });
    await once(socket, 'listening');
    if (await isFree(port)) return socket;
  } catch (error) {
    if (!isTaken(error)) throw error;
  }
  socket.close();
  return undefined;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host: '127.0.0.1', exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    if (isTaken(error)) return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}

function isTaken(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EADDRINUSE' || code === 'EACCES';
}
