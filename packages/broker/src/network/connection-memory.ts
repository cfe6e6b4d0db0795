/**
 * The memory that all connections of a cluster hold: bytes of requests (half a frame, frames that wait, frames in work)
 * and bytes of answers (reserved for reads of files, ready, or not taken by the peer yet), each with a bound.
 *
 * Beyond the bound on requests, connections that hold more than their share read nothing, but for those few that lack
 * least of a whole frame: they may read on until they have it, if that does not take long, so that memory gets free.
 * Beyond either bound, connections are closed whose peers have let half a frame, or their answers, lie for some
 * seconds. What a reader of files may take shrinks with what is left, but never to nothing: the bound on answers can be
 * passed by one small read a connection.
 */
import type { Clock, Timer, Timers } from '@millrace/base';

/** A connection, as its memory is governed. */
export interface MemoryHolder {
  /** What it lacks of the frame that is coming, in bytes; 0 between two frames. */
  readonly missingBytes: number;
  /** Since when that frame is coming, monotonic. */
  readonly frameSinceMs: number;
  /** Reads on, until it is stopped again. */
  readOn(): void;
  /** Closes because its frame takes too long while memory is short. */
  closeAsSlow(): void;
  /** Closes if it holds half a frame of which nothing came since `timeMs`, monotonic, although it was read. */
  closeIfSilent(timeMs: number): void;
  /** Closes if its peer took nothing of its answers since `timeMs`, monotonic. */
  closeIfUnread(timeMs: number): void;
}

export interface ConnectionMemoryOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Bytes of requests; Infinity for no bound. */
  readonly requestBytesMax: number;
  /** Bytes of answers. */
  readonly answerBytesMax: number;
}

/** What a reader of files may take even when nothing is left. */
const readBytesMin = 64 * 1024;
/** The share of what is left that one read may take. */
const readShare = 1 / 4;
/** The share of the bound by which frames may grow that may get whole although memory is short, or one frame. */
const wholeShare = 1 / 4;
/** How long these may take: so long, and a second a MiB. */
const wholeMsMax = 5_000;
const wholeBytesPerMs = (1024 * 1024) / 1000;
const relieveEveryMs = 250;
/** How long half a frame may lie while memory is short, and how long an answer. */
const silentMsMax = 5_000;
const unreadMsMax = 10_000;

export class ConnectionMemory {
  readonly #options: ConnectionMemoryOptions;
  readonly #holders = new Set<MemoryHolder>();
  /** Those that read nothing. */
  readonly #stopped = new Set<MemoryHolder>();
  /** Those that may read until their frame is whole, since when, and until when. */
  readonly #finishing = new Map<MemoryHolder, { readonly sinceMs: number; readonly untilMs: number }>();
  #requestBytes = 0;
  #answerBytes = 0;
  #timer: Timer | undefined;

  constructor(options: ConnectionMemoryOptions) {
    this.#options = options;
  }

  get requestBytes(): number {
    return this.#requestBytes;
  }

  get answerBytes(): number {
    return this.#answerBytes;
  }

  /** Whether answers hold more than they should. */
  get answersAreMany(): boolean {
    return this.#answerBytes > this.#options.answerBytesMax;
  }

  /** How many bytes one read of files may take now. */
  get readBytesMax(): number {
    return Math.max(readBytesMin, Math.floor((this.#options.answerBytesMax - this.#answerBytes) * readShare));
  }

  join(holder: MemoryHolder): void {
    this.#holders.add(holder);
  }

  /** Forgets a connection, which holds nothing any more. */
  leave(holder: MemoryHolder): void {
    this.#holders.delete(holder);
    this.#stopped.delete(holder);
    this.#finishing.delete(holder);
  }

  /** Counts what a connection holds more, or less, than before. */
  change(requestBytes: number, answerBytes: number): void {
    this.#requestBytes += requestBytes;
    this.#answerBytes += answerBytes;
    if (this.#stopped.size > 0 && this.#requestBytes <= this.#options.requestBytesMax) this.#goOn();
    if (this.answersAreMany) this.#relieveSoon();
  }

  /** Whether a connection that holds so many bytes of requests stops reading; `readOn` is called when it may go on. */
  stops(holder: MemoryHolder, requestBytes: number): boolean {
    const { requestBytesMax } = this.#options;
    if (this.#requestBytes <= requestBytesMax) return false;
    if (requestBytes * 2 * this.#holders.size <= requestBytesMax || this.#finishing.has(holder)) return false;
    this.#stopped.add(holder);
    this.#relieveSoon();
    return true;
  }

  #goOn(): void {
    this.#finishing.clear();
    for (const holder of [...this.#stopped]) {
      this.#stopped.delete(holder);
      holder.readOn();
    }
  }

  #relieveSoon(): void {
    if (this.#timer !== undefined) return;
    const relieve = (): void => {
      this.#timer = undefined;
      this.#relieve();
    };
    this.#timer = this.#options.timers.after(relieveEveryMs, relieve).unref();
  }

  #relieve(): void {
    const now = this.#options.clock.monotonic();
    if (this.answersAreMany) for (const holder of this.#holders) holder.closeIfUnread(now - unreadMsMax);
    if (this.#stopped.size > 0 || this.#finishing.size > 0) {
      for (const holder of this.#holders) holder.closeIfSilent(now - silentMsMax);
      this.#endFinishing(now);
      this.#beginFinishing(now);
    }
    if (this.#stopped.size > 0 || this.#finishing.size > 0 || this.answersAreMany) this.#relieveSoon();
  }

  #endFinishing(now: number): void {
    for (const [holder, { sinceMs, untilMs }] of this.#finishing) {
      if (holder.missingBytes === 0 || holder.frameSinceMs > sinceMs) this.#finishing.delete(holder);
      else if (now > untilMs) holder.closeAsSlow();
    }
  }

  #beginFinishing(now: number): void {
    let left = this.#options.requestBytesMax * wholeShare;
    for (const { missingBytes } of this.#finishing.keys()) left -= missingBytes;
    const waiting = [...this.#stopped].sort((one, other) => one.missingBytes - other.missingBytes);
    for (const holder of waiting) {
      left -= holder.missingBytes;
      if (left < 0 && this.#finishing.size > 0) return;
      const untilMs = now + wholeMsMax + holder.missingBytes / wholeBytesPerMs;
      this.#finishing.set(holder, { sinceMs: now, untilMs });
      this.#stopped.delete(holder);
      holder.readOn();
    }
  }
}
