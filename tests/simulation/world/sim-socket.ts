/**
 * One end of a simulated connection. Bytes written go through the sender's buffer, over the wire in pieces of any size,
 * into the receiver's buffer, and out of it in chunks of any size: cut in two, or several writes in one.
 *
 * Bytes are copied only when they go onto the wire, some time after `write`, so that an owner who changes them too
 * early is found out; so is one who keeps bytes that lie where the next ones are read into. Like a kernel, an end holds
 * back its peer when its owner does not read.
 */
import type { Randomness, Socket, SocketHandler } from '@millrace/base';
import { crc32c } from '@millrace/wire';
import { SimulationFailure } from './sim-loop.ts';
import type { SimNetwork } from './sim-network.ts';
import type { ProcessResource, SimProcess } from './sim-process.ts';

/** More than this in the sender's buffer makes `write` answer false. */
const bufferBytesMax = 16 * 1024;

export interface SocketAddress {
  readonly remoteHost: string;
  readonly remotePort: number;
  readonly localPort: number;
  /** The owner gave memory to read into: what was delivered is overwritten. */
  readonly readBuffer: Uint8Array | undefined;
}

/** How a connection ends for an end. */
type Ending = 'ended' | 'reset';

export class SimSocket implements Socket, ProcessResource {
  readonly remoteHost: string;
  readonly remotePort: number;
  readonly localPort: number;
  readonly process: SimProcess;
  readonly #network: SimNetwork;
  readonly #randomness: Randomness;
  readonly #windowBytes: number;
  readonly #overwrites: boolean;
  #peer: SimSocket | undefined;
  #handler: SocketHandler | undefined;
  /** Written and not yet on the wire. */
  #outbox: Uint8Array[] = [];
  #outboxBytes = 0;
  /** Bytes that were written and those that went onto the wire, since the connection began. */
  #written = 0;
  #sent = 0;
  /** Who is told when so many bytes have gone onto the wire. */
  readonly #waitingForSent: { readonly bytes: number; readonly sent: () => void }[] = [];
  #pumping = false;
  #drainDue = false;
  /** On the wire, in order: bytes, or how the sender ended the connection. */
  readonly #wire: (Uint8Array | Ending)[] = [];
  #lastArrival = 0;
  /** On the wire or with the receiver, who has not read it. */
  #unreadBytes = 0;
  /** Arrived and not delivered. */
  #inbox: (Uint8Array | Ending)[] = [];
  #delivering = false;
  #paused = false;
  #ending = false;
  #closed = false;

  constructor(network: SimNetwork, process: SimProcess, address: SocketAddress) {
    this.#network = network;
    this.process = process;
    this.#randomness = network.randomness;
    this.remoteHost = address.remoteHost;
    this.remotePort = address.remotePort;
    this.localPort = address.localPort;
    this.#overwrites = address.readBuffer !== undefined;
    this.#windowBytes = 2 ** (10 + this.#randomness.integer(8));
    process.attach(this);
  }

  /** Joins the two ends. */
  static connect(left: SimSocket, right: SimSocket): void {
    left.#peer = right;
    right.#peer = left;
  }

  get bufferedBytes(): number {
    return this.#outboxBytes;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get peer(): SimSocket | undefined {
    return this.#peer;
  }

  /** Whether bytes of a message may be under way in either direction. */
  get isBusy(): boolean {
    return this.#outboxBytes + this.#unreadBytes > 0;
  }

  /** The owner has it from this event on, in which it must call `handle`. */
  handOver(): void {
    this.process.schedule(0, 'socket-handed-over', () => {
      if (this.#handler !== undefined || this.#closed) return;
      throw new SimulationFailure('a socket was not handled in the turn in which it was handed over');
    });
  }

  handle(handler: SocketHandler): void {
    if (this.#handler !== undefined) throw new SimulationFailure('a socket was handled twice');
    this.#handler = handler;
    this.#deliverSoon();
  }

  write(chunks: readonly Uint8Array[], sent?: () => void): boolean {
    if (this.#closed || this.#ending) return true;
    this.#network.onWrite?.(this, chunks);
    for (const chunk of chunks) {
      if (chunk.length === 0) continue;
      this.#outbox.push(chunk);
      this.#outboxBytes += chunk.length;
      this.#written += chunk.length;
    }
    if (sent !== undefined) this.#waitingForSent.push({ bytes: this.#written, sent });
    this.#pumpSoon();
    this.#drainDue = this.#outboxBytes > bufferBytesMax;
    return !this.#drainDue;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#deliverSoon();
  }

  end(): void {
    this.#ending = true;
    this.#pumpSoon();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#part(this.#randomness.integer(2) === 0 ? 'ended' : 'reset');
    this.#close(undefined);
  }

  /** The network breaks the connection: each end learns of it by itself, and what was under way may be lost. */
  breakOff(): void {
    for (const end of [this, this.#peer]) {
      if (end === undefined) continue;
      end.process.loop.schedule(this.#randomness.float() * 3, 'break-off', () => end.#close(resetError()));
    }
  }

  killed(): void {
    if (this.#closed) return;
    this.#part(this.#randomness.integer(2) === 0 ? 'ended' : 'reset');
    this.#closed = true;
    this.#network.forget(this);
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#outbox = [];
    this.#outboxBytes = 0;
    this.#inbox = [];
    this.process.detach(this);
    this.#network.forget(this);
    const handler = this.#handler;
    this.process.schedule(0, 'socket-closed', () => handler?.closed(error));
  }

  #pumpSoon(): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    this.process.loop.schedule(this.#randomness.float() * 0.05, 'socket-pump', () => {
      this.#pumping = false;
      this.#pump();
    });
  }

  /** Moves bytes from the sender's buffer onto the wire as far as the receiver has room. */
  #pump(): void {
    if (this.#closed) return;
    while (this.#outboxBytes > 0 && this.#unreadBytes < this.#windowBytes) {
      const room = Math.min(this.#windowBytes - this.#unreadBytes, this.#outboxBytes);
      const length = this.#randomness.integer(4) === 0 ? 1 + this.#randomness.integer(room) : room;
      const piece = this.#take(length);
      this.#unreadBytes += length;
      this.#send(piece);
    }
    if (this.#outboxBytes > 0) return;
    if (this.#ending) return this.#part('ended');
    if (!this.#drainDue) return;
    this.#drainDue = false;
    const handler = this.#handler;
    this.process.schedule(0, 'socket-drained', () => {
      if (!this.#closed) handler?.drained();
    });
  }

  #take(length: number): Uint8Array {
    const piece = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const first = this.#outbox[0] as Uint8Array;
      const count = Math.min(first.length, length - filled);
      piece.set(first.subarray(0, count), filled);
      filled += count;
      if (count === first.length) this.#outbox.shift();
      else this.#outbox[0] = first.subarray(count);
    }
    this.#outboxBytes -= length;
    this.#sent += length;
    while ((this.#waitingForSent[0]?.bytes ?? Number.POSITIVE_INFINITY) <= this.#sent) {
      const { sent } = this.#waitingForSent.shift() as { sent: () => void };
      this.process.schedule(0, 'socket-sent', () => {
        if (!this.#closed) sent();
      });
    }
    return piece;
  }

  get #latency(): number {
    return this.#network.latency(this.process.host, (this.#peer as SimSocket).process.host);
  }

  /** Puts something onto the wire; it arrives after all that was sent before. */
  #send(item: Uint8Array | Ending): void {
    const { loop } = this.process;
    this.#wire.push(item);
    this.#lastArrival = Math.max(this.#lastArrival, loop.now + this.#latency);
    loop.schedule(this.#lastArrival - loop.now, 'socket-arrival', () => this.#arrive());
  }

  #arrive(): void {
    const peer = this.#peer as SimSocket;
    const blockedFor = this.#network.blockedFor(this.process.host, peer.process.host, this.localPort, this.remotePort);
    if (blockedFor > 0) return void this.process.loop.schedule(blockedFor, 'socket-arrival', () => this.#arrive());
    const item = this.#wire.shift();
    if (item === undefined || peer.#closed) return;
    if (typeof item !== 'string') {
      this.process.loop.trace.record(this.process.loop.now, 'socket-bytes', crc32c(item));
      peer.#inbox.push(item);
      peer.#deliverSoon();
    } else if (item === 'reset') peer.#close(resetError());
    else {
      peer.#inbox.push(item);
      peer.#deliverSoon();
    }
  }

  /** This end sends nothing more. */
  #part(ending: Ending): void {
    this.#outbox = [];
    this.#outboxBytes = 0;
    if (this.#peer === undefined || this.#peer.#closed) return;
    this.#send(ending);
  }

  #deliverSoon(): void {
    if (this.#delivering || this.#closed || this.#paused || this.#inbox.length === 0) return;
    this.#delivering = true;
    this.process.schedule(this.#randomness.float() * 0.1, 'socket-data', () => {
      this.#delivering = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    if (this.#closed || this.#paused || this.#inbox.length === 0 || this.#handler === undefined) return;
    const pieces: Uint8Array[] = [];
    while (this.#inbox.length > 0 && typeof this.#inbox[0] !== 'string') pieces.push(this.#inbox.shift() as Uint8Array);
    if (pieces.length === 0) {
      // The peer ended: this end, as Node's sockets do by default, ends too.
      const peer = this.#peer as SimSocket;
      this.process.loop.schedule(this.#latency, 'socket-ended', () => peer.#close(undefined));
      return this.#close(undefined);
    }
    const chunk = pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
    const peer = this.#peer as SimSocket;
    peer.#unreadBytes -= chunk.length;
    peer.#pumpSoon();
    this.#deliverSoon();
    this.#handler.data(chunk);
    if (this.#overwrites) chunk.fill(0xdb);
  }
}

function resetError(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
}
