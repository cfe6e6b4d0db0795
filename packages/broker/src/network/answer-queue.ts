/**
 * The answers of one connection: a place for each request in the order of the requests, what is ready, and what the
 * peer has not taken yet; and the bytes all of this holds.
 *
 * A handler that reads files asks its place for room first. The request whose answer is due next always gets some,
 * unless the peer takes nothing; those behind it wait while the connection, or all of them, hold much. So a peer that
 * does not read makes the broker read no file, and no order of requests makes them wait for each other.
 */
import { type BufferPool, HeldMemory, type Releasable } from '@millrace/base';
import type { EncodedFrame } from '@millrace/wire';
import type { AnswerRoom } from '../handler.ts';
import type { ConnectionMemory } from './connection-memory.ts';

/** Bytes that answers of one connection may hold before no more files are read for it. */
export const answerBytesMax = 32 * 1024 * 1024;

/** A request's place in the order of answers, and the room its answer takes. */
export class AnswerSlot implements AnswerRoom {
  /** What the request keeps in memory until it is done. */
  requestBytes: number;
  /** Bytes reserved for the answer, and once it is done those it has. */
  answerBytes = 0;
  done = false;
  /** For how long its client took too much time of the process, in milliseconds. */
  throttleMs = 0;
  /** Undefined once done: the request gets no answer. */
  frame: EncodedFrame | undefined;
  /** What bytes of the answer lie in. */
  readonly memory: Releasable[] = [];
  readonly #queue: AnswerQueue;

  constructor(queue: AnswerQueue, requestBytes: number) {
    this.#queue = queue;
    this.requestBytes = requestBytes;
  }

  /** As `AnswerRoom.reserve`. */
  reserve(wantedBytes: number): number | Promise<number> {
    return this.#queue.reserve(this, wantedBytes);
  }

  release(bytes: number): void {
    this.#queue.release(this, bytes);
  }

  /** As `AnswerRoom.hold`. */
  hold(): HeldMemory {
    const memory = new HeldMemory(this.#queue.buffers);
    this.memory.push(memory);
    return memory;
  }
}

interface Reservation {
  readonly slot: AnswerSlot;
  readonly wantedBytes: number;
  readonly resolve: (bytes: number) => void;
}

export class AnswerQueue {
  readonly buffers: BufferPool;
  readonly #memory: ConnectionMemory;
  #slots: AnswerSlot[] = [];
  #requestBytes = 0;
  #otherRequestBytes = 0;
  #answerBytes = 0;
  /** Of the bytes of answers: what the socket has accepted and the peer not taken. */
  #unsentBytes = 0;
  #waiting: Reservation[] = [];
  #closed = false;
  /** What the cluster's memory knows of. */
  #countedRequestBytes = 0;
  #countedAnswerBytes = 0;

  constructor(memory: ConnectionMemory, buffers: BufferPool) {
    this.#memory = memory;
    this.buffers = buffers;
  }

  /** Requests that have no answer yet, or whose answers wait for others. */
  get length(): number {
    return this.#slots.length;
  }

  /** Bytes of requests in work. */
  get requestBytes(): number {
    return this.#requestBytes;
  }

  get answerBytes(): number {
    return this.#answerBytes;
  }

  /** Whether the peer has answers to take before it gets more. */
  get congested(): boolean {
    return this.#unsentBytes > 0;
  }

  begin(requestBytes: number): AnswerSlot {
    const slot = new AnswerSlot(this, requestBytes);
    this.#slots.push(slot);
    this.#requestBytes += requestBytes;
    return slot;
  }

  /** Puts an answer in its place, or none; answers whether it is the one that is due. */
  settle(slot: AnswerSlot, frame: EncodedFrame | undefined): boolean {
    slot.done = true;
    slot.frame = frame;
    this.#requestBytes -= slot.requestBytes;
    const bytes = frame?.byteLength ?? 0;
    this.#answerBytes += bytes - slot.answerBytes;
    slot.answerBytes = bytes;
    return this.#slots[0] === slot;
  }

  /** Takes out what is due: chunks to be written, and what to call once they are sent. */
  takeDue(): { readonly chunks: Uint8Array[]; readonly sent: (() => void) | undefined } {
    const chunks: Uint8Array[] = [];
    const memory: Releasable[] = [];
    let count = 0;
    for (; count < this.#slots.length; count++) {
      const { done, frame, answerBytes, memory: held } = this.#slots[count] as AnswerSlot;
      if (!done) break;
      for (const each of held) memory.push(each);
      this.#unsentBytes += answerBytes;
      // One by one: an answer may have more chunks than a call takes arguments.
      for (const chunk of frame?.chunks ?? []) chunks.push(chunk);
    }
    this.#slots.splice(0, count);
    if (memory.length === 0) return { chunks, sent: undefined };
    return {
      chunks,
      sent: () => {
        for (const each of memory) each.release();
      },
    };
  }

  /** The peer has taken everything that was written. */
  sent(): void {
    this.#answerBytes -= this.#unsentBytes;
    this.#unsentBytes = 0;
  }

  /** Gives room to readers that wait for it, if there is any now. */
  grantWaiting(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const reservation of waiting) {
      const granted = this.#grant(reservation.slot, reservation.wantedBytes);
      if (granted === undefined) this.#waiting.push(reservation);
      else reservation.resolve(granted);
    }
  }

  reserve(slot: AnswerSlot, wantedBytes: number): number | Promise<number> {
    return (
      this.#grant(slot, wantedBytes) ?? new Promise((resolve) => this.#waiting.push({ slot, wantedBytes, resolve }))
    );
  }

  release(slot: AnswerSlot, bytes: number): void {
    // An answer that is done counts what it has; one of a closed connection nothing.
    if (slot.done || this.#closed) return;
    slot.answerBytes -= bytes;
    this.#answerBytes -= bytes;
    this.#count();
  }

  /**
   * Tells the cluster's memory what this connection holds, with `otherRequestBytes` of requests that are not in work.
   * Answers how many bytes of requests that is.
   */
  count(otherRequestBytes: number): number {
    this.#otherRequestBytes = otherRequestBytes;
    this.#count();
    return this.#countedRequestBytes;
  }

  #count(): void {
    const requestBytes = this.#requestBytes + this.#otherRequestBytes;
    const requestChange = requestBytes - this.#countedRequestBytes;
    const answerChange = this.#answerBytes - this.#countedAnswerBytes;
    if (requestChange === 0 && answerChange === 0) return;
    this.#countedRequestBytes = requestBytes;
    this.#countedAnswerBytes = this.#answerBytes;
    this.#memory.change(requestChange, answerChange);
  }

  /** Forgets everything; readers that wait get nothing. */
  close(): void {
    this.#closed = true;
    this.#slots = [];
    this.#requestBytes = 0;
    this.#answerBytes = 0;
    this.#unsentBytes = 0;
    this.count(0);
    for (const { resolve } of this.#waiting.splice(0)) resolve(0);
  }

  /** Undefined while there is no room. */
  #grant(slot: AnswerSlot, wantedBytes: number): number | undefined {
    if (this.#closed) return 0;
    if (this.congested) return undefined;
    const { answersAreMany, readBytesMax } = this.#memory;
    if (this.#slots[0] !== slot && (wantedBytes > readBytesMax || this.#answerBytes >= answerBytesMax))
      return undefined;
    if (answersAreMany && slot.answerBytes > 0) return 0;
    const granted = Math.min(wantedBytes, readBytesMax);
    slot.answerBytes += granted;
    this.#answerBytes += granted;
    this.#memory.change(0, granted);
    this.#countedAnswerBytes += granted;
    return granted;
  }
}
