/**
 * One client's connection: cuts frames out of the socket's chunks, hands requests to their handlers, and sends the
 * answers in the order of the requests, whichever is ready first.
 *
 * Bounds: a frame is at most `socket.request.max.bytes`, and memory for it is taken only as its bytes arrive. No
 * request is begun while `requestsMax` of the connection are in work, while they and their answers hold more than
 * `heldBytesMax`, while the peer does not take its answers, or while the connection is throttled; what the last chunk
 * brought waits, and no more is read. `ConnectionMemory` bounds what all connections hold. After `turnMsMax` of a turn
 * of the event loop the other connections have theirs.
 */
import { isMillraceError, messageOf, type Socket, type SocketHandler } from '@millrace/base';
import { type EncodedFrame, FrameSplitter } from '@millrace/wire';
import type { ConnectionHandle } from '../handler.ts';
import type { Authentication } from '../security/authentication.ts';
import { AnswerQueue, type AnswerSlot } from './answer-queue.ts';
import type { MemoryHolder } from './connection-memory.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { ConnectionLimitError, PeerPatience } from './peer-patience.ts';
import { RequestRunner } from './request-runner.ts';
import { Throttle } from './throttle.ts';

/** Requests of one connection that may be in work at once. */
const requestsMax = 128;
const heldBytesMax = 32 * 1024 * 1024;
/** How long a connection begins requests before others have their turn. */
const turnMsMax = 5;
/** What a frame takes before its bytes arrived, until its sender has sent larger ones. */
const firstBufferBytes = 4096;
export class Connection implements SocketHandler, ConnectionHandle, MemoryHolder {
  software: ConnectionHandle['software'];
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #frames: FrameSplitter;
  readonly #answers: AnswerQueue;
  readonly #closedListeners = new Set<() => void>();
  /** Whether the peer has yet to authenticate, and frames have their smaller bound. */
  #isOpening: boolean;
  /** Whole frames that are not begun yet. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  readonly #patience: PeerPatience;
  readonly #runner: RequestRunner;
  #turnBeganMs: number;
  readonly #throttle: Throttle;
  #flushing = false;
  #goingOn = false;
  /** Whether memory is so short that nothing is read. */
  #stopped = false;
  #paused = false;
  #closed = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    const { authentication, buffers, frameBytesMax, openingFrameBytesMax = frameBytesMax } = options;
    this.#answers = new AnswerQueue(options.memory, buffers);
    this.#isOpening = authentication !== undefined && !authentication.isOpen;
    const bytesMax = this.#isOpening ? openingFrameBytesMax : frameBytesMax;
    const framing = { firstBufferBytes, chunksAreReused: true, memory: buffers };
    this.#frames = new FrameSplitter(bytesMax, (frame) => this.#accept(frame), framing);
    this.#turnBeganMs = this.#now();
    this.#patience = new PeerPatience(this.#turnBeganMs);
    this.#throttle = new Throttle(options.platform, () => this.#goOn());
    this.#runner = new RequestRunner({
      ...options,
      connection: this,
      clientHost: socket.remoteHost,
      answers: this.#answers,
      now: () => this.#now(),
      settle: (slot, frame) => this.#settle(slot, frame),
      fail: (error) => this.#fail(error),
    });
    options.memory.join(this);
    socket.handle(this);
  }

  get listener(): string | undefined {
    return this.#options.listener;
  }

  get authentication(): Authentication | undefined {
    return this.#options.authentication;
  }

  get remotePort(): number {
    return this.#socket.remotePort;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  onClosed(callback: () => void): () => void {
    if (this.#closed) callback();
    else this.#closedListeners.add(callback);
    return () => this.#closedListeners.delete(callback);
  }

  throttle(durationMs: number): void {
    if (!this.#closed) this.#throttle.extend(durationMs);
  }

  /**
   * Closes the connection when nothing is in work and nothing went either way for `idleMsMax`, or when a frame has been
   * coming for that long, and slowly.
   */
  closeIfIdle(idleMsMax: number): void {
    const now = this.#now();
    if (this.#answers.congested) return this.closeIfUnread(now - idleMsMax);
    if (this.#paused) return;
    if (this.#answers.length === 0 && this.#patience.activeMs < now - idleMsMax) return this.#socket.destroy();
    const slowness = this.#patience.slowness(now, this.#frames.partialBytes, idleMsMax);
    if (slowness !== undefined) this.#fail(slowness);
  }

  get missingBytes(): number {
    return this.#frames.missingBytes;
  }

  get frameSinceMs(): number {
    return this.#patience.frameSinceMs;
  }

  closeAsSlow(): void {
    this.#fail(new ConnectionLimitError(`memory is short, and it is slow to send its last ${this.missingBytes} bytes`));
  }

  closeIfSilent(timeMs: number): void {
    if (this.#frames.heldBytes === 0 || this.#paused || this.#patience.activeMs >= timeMs) return;
    this.#fail(new ConnectionLimitError('memory is short, and it sends half a request without the rest'));
  }

  closeIfUnread(timeMs: number): void {
    if (!this.#answers.congested) return;
    const reason = this.#patience.unwillingness(this.#now(), this.#socket.bufferedBytes, timeMs);
    if (reason !== undefined) this.#fail(reason);
  }

  /** Closes the connection when its peer takes too long to authenticate. */
  closeIfLate(): void {
    if (this.authentication?.isLate()) this.#fail(new ConnectionLimitError('it did not log in in time'));
  }

  readOn(): void {
    this.#stopped = false;
    this.#regulate();
  }

  data(chunk: Uint8Array): void {
    const now = this.#now();
    this.#patience.received(now, this.#frames.partialBytes === undefined);
    this.#turnBeganMs = now;
    try {
      this.#frames.push(chunk);
    } catch (error) {
      this.#fail(error);
    }
    const held = this.#count();
    if (!this.#stopped && this.#frames.heldBytes > 0) this.#stopped = this.#options.memory.stops(this, held);
    this.#regulate();
  }

  drained(): void {
    this.#answers.sent();
    this.#patience.activeMs = this.#now();
    this.#answers.grantWaiting();
    this.#goOn();
  }

  closed(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#throttle.cancel();
    this.#answers.close();
    this.#options.memory.leave(this);
    for (const callback of [...this.#closedListeners]) callback();
    this.#closedListeners.clear();
    this.#options.onClosed(this);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #accept(frame: Uint8Array): void {
    if (this.#closed) return;
    this.#patience.gotFrame();
    if (this.#waiting.length === 0 && !this.#isFull() && !this.#turnIsOver()) return this.#runner.run(frame);
    this.#waiting.push(frame);
    this.#waitingBytes += frame.length;
  }

  #settle(slot: AnswerSlot, frame: EncodedFrame | undefined): void {
    if (this.#closed) return;
    if (this.#isOpening && this.authentication?.isOpen) {
      this.#isOpening = false;
      this.#frames.bytesMax = this.#options.frameBytesMax;
    }
    const isDue = this.#answers.settle(slot, frame);
    if (this.#flushing || !isDue) return;
    this.#flushing = true;
    // In a microtask, so that answers that become ready together leave in one write.
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#closed) return;
    const wasCongested = this.#answers.congested;
    const { chunks, sent } = this.#answers.takeDue();
    if (chunks.length === 0 || this.#socket.write(chunks, sent)) {
      if (!wasCongested) this.#answers.sent();
    }
    if (!wasCongested) this.#patience.activeMs = this.#now();
    this.#patience.unreadBytes = this.#socket.bufferedBytes;
    this.#answers.grantWaiting();
    this.#count();
    this.#regulate();
    if (this.authentication?.isOver && this.#answers.length === 0) this.#socket.end();
  }

  /** Begins requests that wait, as the bounds allow. */
  #goOn(): void {
    if (this.#closed) return;
    this.#turnBeganMs = this.#now();
    let begun = 0;
    try {
      while (!this.#closed && begun < this.#waiting.length && !this.#isFull() && !this.#turnIsOver()) {
        const frame = this.#waiting[begun++] as Uint8Array;
        this.#waitingBytes -= frame.length;
        this.#runner.run(frame);
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#waiting.splice(0, begun);
    this.#count();
    this.#regulate();
  }

  #isFull(): boolean {
    const answers = this.#answers;
    return (
      this.authentication?.isBusy ||
      this.authentication?.isOver ||
      answers.congested ||
      this.#throttle.isOn ||
      answers.length >= requestsMax ||
      answers.requestBytes + answers.answerBytes > heldBytesMax ||
      (answers.answerBytes > 0 && this.#options.memory.answersAreMany)
    );
  }

  #turnIsOver(): boolean {
    return this.#now() - this.#turnBeganMs > turnMsMax;
  }

  /** Reads on or stops reading, as the bounds ask for, and sees to it that what waits is begun in a coming turn. */
  #regulate(): void {
    if (this.#closed) return;
    const full = this.#isFull();
    if (!full && this.#waiting.length > 0 && !this.#goingOn) {
      this.#goingOn = true;
      this.#options.platform.timers.soon(() => {
        this.#goingOn = false;
        this.#goOn();
      });
    }
    const pause = full || this.#waiting.length > 0 || this.#stopped;
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Tells how much memory the connection holds; answers how much of that is of requests. */
  #count(): number {
    return this.#answers.count(this.#frames.heldBytes + this.#waitingBytes);
  }

  #now(): number {
    return this.#options.platform.clock.monotonic();
  }

  /** A peer that breaks the protocol, a request that can't be answered, or a defect: the connection can't go on. */
  #fail(error: unknown): void {
    if (this.#closed) return;
    const peer = `${this.#socket.remoteHost}:${this.#socket.remotePort}`;
    const level = isMillraceError(error) ? 'warn' : 'error';
    const reason = level === 'warn' ? messageOf(error) : `its request met a defect of the broker: ${messageOf(error)}`;
    this.#options.report({ level, message: `closed the connection of ${peer}: ${reason}` });
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#socket.destroy();
  }
}
