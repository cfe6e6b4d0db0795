/** One direction of a proxied connection: bytes from one socket to another, later, slower or not at all. */
import type { Socket } from 'node:net';

/** More than this waiting, and the source is not read. */
const WAITING_BYTES_MAX = 1024 * 1024;

/** How bytes are passed on. Their owner changes them at any time; what is under way keeps the delay it came with. */
export interface PipeRules {
  swallows: boolean;
  holds: boolean;
  delayMs: number;
  bytesPerSecond: number;
}

interface Waiting {
  /** Undefined is the end of the stream. */
  readonly chunk: Buffer | undefined;
  readonly dueMs: number;
}

export class Pipe {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #rules: PipeRules;
  readonly #reset: () => void;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** When the last bytes will have passed at the throttled rate. */
  #freeAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #bytesLeft = Number.POSITIVE_INFINITY;
  #ended = false;
  #stopped = false;
  /** Whether bytes were dropped, so that nothing sensible can follow. */
  hasLost = false;

  constructor(source: Socket, target: Socket, rules: PipeRules, reset: () => void) {
    this.#source = source;
    this.#target = target;
    this.#rules = rules;
    this.#reset = reset;
    source.on('data', (chunk: Buffer) => this.#take(chunk));
    source.once('end', () => this.end());
    target.on('drain', () => this.#readOn());
  }

  /** Resets the connection after so many more bytes. */
  cutAfter(bytes: number): void {
    this.#bytesLeft = bytes;
  }

  /** Ends the stream behind what is under way. */
  end(): void {
    if (this.#ended || this.#stopped) return;
    this.#ended = true;
    if (this.#drops()) return;
    this.#waiting.push({ chunk: undefined, dueMs: performance.now() + this.#rules.delayMs });
    this.pump();
  }

  /** Passes on what is due. */
  pump(): void {
    clearTimeout(this.#timer);
    if (this.#stopped || this.#rules.holds) return;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const inMs = next.dueMs - performance.now();
      if (inMs > 0) {
        this.#timer = setTimeout(() => this.pump(), inMs);
        return;
      }
      this.#waiting.shift();
      if (next.chunk === undefined) this.#target.end();
      else this.#pass(next.chunk);
      if (this.#stopped) return;
    }
    this.#readOn();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #take(chunk: Buffer): void {
    if (this.#stopped || this.#ended) return;
    if (this.#drops()) return;
    const { delayMs, bytesPerSecond } = this.#rules;
    const dueMs = Math.max(performance.now() + delayMs, this.#freeAtMs);
    this.#freeAtMs = dueMs + (chunk.length / bytesPerSecond) * 1000;
    this.#waiting.push({ chunk, dueMs });
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes > WAITING_BYTES_MAX) this.#source.pause();
    this.pump();
  }

  #drops(): boolean {
    this.hasLost ||= this.#rules.swallows;
    return this.hasLost;
  }

  #pass(chunk: Buffer): void {
    this.#waitingBytes -= chunk.length;
    if (chunk.length >= this.#bytesLeft) {
      const reset = this.#reset;
      // What was written is on its way before the reset is.
      this.stop();
      this.#target.write(chunk.subarray(0, this.#bytesLeft), () => reset());
      return;
    }
    this.#bytesLeft -= chunk.length;
    if (!this.#target.write(chunk)) this.#source.pause();
  }

  #readOn(): void {
    if (this.#stopped || this.#waitingBytes > WAITING_BYTES_MAX || this.#target.writableNeedDrain) return;
    this.#source.resume();
  }
}
