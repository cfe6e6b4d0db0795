/**
 * The network of a simulated world: listeners by host and port, connections between processes, and what can go wrong
 * with them. Each process reaches it through `of(process)`, a `Network` of base's.
 */

import type { Network, Randomness, Socket } from '@millrace/base';
import { ConnectError, type ConnectOptions, ListenError, type Listener, type ListenOptions } from '@millrace/base';
import type { SimLoop } from './sim-loop.ts';
import type { ProcessResource, SimProcess } from './sim-process.ts';
import { SimSocket } from './sim-socket.ts';

interface OpenListener extends Listener, ProcessResource {
  readonly process: SimProcess;
  readonly onConnection: (socket: Socket) => void;
  readonly readBuffer: Uint8Array | undefined;
}

const firstFreePort = 40_000;

export class SimNetwork {
  readonly randomness: Randomness;
  readonly #loop: SimLoop;
  readonly #listeners = new Map<string, OpenListener>();
  readonly #sockets = new Set<SimSocket>();
  /** Until when nothing passes between two hosts, by both names. */
  readonly #cuts = new Map<string, number>();
  /** What a packet takes longer between two hosts, in milliseconds, by both names. */
  readonly #distances = new Map<string, number>();
  #nextPort = firstFreePort;
  /** The longest time that a packet takes, in milliseconds. */
  latencyMsMax = 1;
  /** Told of each write to a connection, before it is under way. */
  onWrite: ((socket: SimSocket, chunks: readonly Uint8Array[]) => void) | undefined;
  /** The share of connections that are refused although somebody listens. */
  refusedShare = 0;

  constructor(loop: SimLoop, randomness: Randomness) {
    this.#loop = loop;
    this.randomness = randomness;
  }

  of(process: SimProcess): Network {
    return {
      listen: (options, onConnection) => this.#listen(process, options, onConnection),
      connect: (options) => this.#connect(process, options),
    };
  }

  /** Open ends of connections, both of each. */
  get sockets(): readonly SimSocket[] {
    return [...this.#sockets];
  }

  latency(from: string, to: string): number {
    return 0.02 + this.randomness.float() * this.latencyMsMax + (this.#distances.get(pairOf(from, to)) ?? 0);
  }

  /** Puts two hosts so far from each other, for good. */
  setDistance(host: string, other: string, ms: number): void {
    this.#distances.set(pairOf(host, other), ms);
  }

  /** For how long nothing passes between two hosts, or between one and some port of the other. */
  blockedFor(from: string, to: string, ...ports: readonly number[]): number {
    const pair = pairOf(from, to);
    const names = [pair, `${from} > ${to}`, ...ports.map((port) => `${pair} ${port}`)];
    const cuts = names.map((name) => this.#cuts.get(name) ?? 0);
    return Math.max(...cuts) - this.#loop.now;
  }

  /** Cuts two hosts off from each other; connections stay and go on afterwards. */
  cut(host: string, other: string, forMs: number): void {
    this.#cuts.set(pairOf(host, other), this.#loop.now + forMs);
  }

  /** Withholds what a host sends to another, which arrives afterwards; what the other sends still arrives. */
  mute(host: string, other: string, forMs: number): void {
    this.#cuts.set(`${host} > ${other}`, this.#loop.now + forMs);
  }

  /** Cuts a host off from whoever listens on a port of another. */
  cutPort(host: string, other: string, port: number, forMs: number): void {
    this.#cuts.set(`${pairOf(host, other)} ${port}`, this.#loop.now + forMs);
  }

  heal(): void {
    this.onWrite = undefined;
    this.#cuts.clear();
    this.refusedShare = 0;
    this.latencyMsMax = 1;
  }

  forget(socket: SimSocket): void {
    this.#sockets.delete(socket);
  }

  async #listen(
    process: SimProcess,
    options: ListenOptions,
    onConnection: (socket: Socket) => void,
  ): Promise<Listener> {
    const port = options.port === 0 ? this.#nextPort++ : options.port;
    const address = `${options.host}:${port}`;
    await this.#after(process, 0.1);
    if (this.#listeners.has(address)) throw new ListenError('port_in_use', options, new Error('EADDRINUSE'));
    const remove = (): void => {
      if (this.#listeners.get(address) === listener) this.#listeners.delete(address);
    };
    const listener: OpenListener = {
      host: options.host,
      port,
      process,
      onConnection,
      readBuffer: options.readBuffer,
      killed: remove,
      close: async () => {
        remove();
        process.detach(listener);
        await this.#after(process, 0.1);
      },
    };
    this.#listeners.set(address, listener);
    process.attach(listener);
    return listener;
  }

  async #connect(process: SimProcess, options: ConnectOptions): Promise<Socket> {
    const { host, port, timeoutMs, signal } = options;
    signal?.throwIfAborted();
    await this.#after(process, this.latency(process.host, host));
    const waitMs = this.blockedFor(process.host, host, port);
    if (waitMs > 0) {
      await this.#after(process, Math.min(waitMs, timeoutMs));
      if (waitMs >= timeoutMs) throw new ConnectError(options, `no answer within ${timeoutMs} ms`);
    }
    signal?.throwIfAborted();
    const listener = this.#listeners.get(`${host}:${port}`);
    if (listener === undefined || this.randomness.float() < this.refusedShare) {
      throw new ConnectError(options, 'connection refused; is the server running there?');
    }
    return this.#open(process, listener, options.readBuffer);
  }

  #open(process: SimProcess, listener: OpenListener, ourBuffer: Uint8Array | undefined): Socket {
    const localPort = this.#nextPort++;
    const { host, port, readBuffer } = listener;
    const ours = new SimSocket(this, process, { remoteHost: host, remotePort: port, localPort, readBuffer: ourBuffer });
    const theirs = new SimSocket(this, listener.process, {
      remoteHost: process.host,
      remotePort: localPort,
      localPort: port,
      readBuffer,
    });
    SimSocket.connect(ours, theirs);
    this.#sockets.add(ours).add(theirs);
    listener.process.schedule(this.latency(process.host, listener.process.host), 'socket-accepted', () => {
      if (theirs.closed) return;
      listener.onConnection(theirs);
      theirs.handOver();
    });
    ours.handOver();
    return ours;
  }

  /** Goes on in the process a while later; never, if it is killed. */
  #after(process: SimProcess, delayMs: number): Promise<void> {
    return new Promise((resolve) => process.schedule(delayMs, 'network-call', resolve));
  }
}

function pairOf(host: string, other: string): string {
  return host < other ? `${host} ${other}` : `${other} ${host}`;
}
