/**
 * A proxy on loopback in front of one broker, which misbehaves as told.
 *
 * What it is told holds for connections to come as well, until `heal`. Bytes are passed on in their order and unchanged
 * or not at all: a connection that lost some ends with a reset when things are made good, as none of TCP's would go on
 * with a gap. It knows nothing of Kafka. What it does is determined by what it is told; chance is its owner's affair.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Pipe, type PipeRules } from './pipe.ts';

/** `up` is from the client to the broker. */
export type Direction = 'up' | 'down' | 'both';

export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #links = new Set<Link>();
  readonly #rules: { readonly up: PipeRules; readonly down: PipeRules } = { up: noRules(), down: noRules() };
  #refuses = false;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  /** Listens on a free port of 127.0.0.1, in front of another port there. */
  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    proxy.#server.listen({ host: '127.0.0.1', port: 0 });
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#links.size;
  }

  /** Resets new connections as soon as they are opened. */
  refuse(): void {
    this.#refuses = true;
  }

  /** Resets all connections. */
  cut(): void {
    for (const link of [...this.#links]) link.reset();
  }

  /** Resets each connection that is open once it has passed so many more bytes, in the middle of whatever it says. */
  cutAfter(bytes: number, direction: Direction): void {
    for (const link of this.#links) for (const pipe of link.pipes(direction)) pipe.cutAfter(bytes);
  }

  /** Ends one direction of all connections (FIN) and leaves the other open. */
  halfClose(direction: 'up' | 'down'): void {
    for (const link of this.#links) for (const pipe of link.pipes(direction)) pipe.end();
  }

  /** Passes nothing on, and drops what comes. */
  swallow(direction: Direction): void {
    for (const rules of this.#chosen(direction)) rules.swallows = true;
  }

  /** Passes nothing on, and keeps what comes until things are made good. */
  hold(direction: Direction): void {
    for (const rules of this.#chosen(direction)) rules.holds = true;
  }

  /** Passes everything on, this many milliseconds later. */
  delay(delayMs: number, direction: Direction): void {
    for (const rules of this.#chosen(direction)) rules.delayMs = delayMs;
  }

  /** Passes on so much a second and connection. */
  throttle(bytesPerSecond: number, direction: Direction): void {
    for (const rules of this.#chosen(direction)) rules.bytesPerSecond = bytesPerSecond;
  }

  /** From now on all is passed on at once. */
  heal(): void {
    this.#refuses = false;
    for (const rules of this.#chosen('both')) Object.assign(rules, noRules());
    for (const link of [...this.#links]) link.heal();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #chosen(direction: Direction): PipeRules[] {
    return direction === 'both' ? [this.#rules.up, this.#rules.down] : [this.#rules[direction]];
  }

  #accept(client: Socket): void {
    // Its end is all that is to be known of a connection that is refused.
    client.on('error', () => undefined);
    if (this.#refuses) {
      client.resetAndDestroy();
      return;
    }
    const broker = connect({ host: '127.0.0.1', port: this.#targetPort, allowHalfOpen: true, noDelay: true });
    const link = new Link(client, broker, this.#rules);
    this.#links.add(link);
    client.once('close', () => this.#links.delete(link));
  }
}

function noRules(): PipeRules {
  return { swallows: false, holds: false, delayMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY };
}

/** One connection: two sockets, and a pipe for each direction. */
class Link {
  readonly #client: Socket;
  readonly #broker: Socket;
  readonly #up: Pipe;
  readonly #down: Pipe;

  constructor(client: Socket, broker: Socket, rules: { readonly up: PipeRules; readonly down: PipeRules }) {
    this.#client = client;
    this.#broker = broker;
    const reset = (): void => this.reset();
    this.#up = new Pipe(client, broker, rules.up, reset);
    this.#down = new Pipe(broker, client, rules.down, reset);
    for (const socket of [client, broker]) socket.on('error', reset).once('close', () => this.#closed());
  }

  pipes(direction: Direction): Pipe[] {
    if (direction === 'both') return [this.#up, this.#down];
    return [direction === 'up' ? this.#up : this.#down];
  }

  heal(): void {
    if (this.#up.hasLost || this.#down.hasLost) this.reset();
    else for (const pipe of [this.#up, this.#down]) pipe.pump();
  }

  reset(): void {
    for (const pipe of [this.#up, this.#down]) pipe.stop();
    for (const socket of [this.#broker, this.#client]) resetSocket(socket);
  }

  /** Both have said all they had to, or one of them is no more. */
  #closed(): void {
    if (!this.#client.destroyed || !this.#broker.destroyed) this.reset();
  }
}

/**
 * One that is not connected yet, or that has said its last, can't be reset: the system refuses it, and the socket would
 * stay open and keep the process from ending.
 */
function resetSocket(socket: Socket): void {
  if (socket.connecting || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
