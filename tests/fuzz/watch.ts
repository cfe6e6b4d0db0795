/**
 * What a fuzzing process shows while it is busy: how many inputs it has begun, and the one it is at, in a file, since a
 * process that hangs, runs out of memory or crashes says nothing any more.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { inputBytesMax } from './mutate.ts';

const headBytes = 8;

/** The side of the process that is watched. */
export class WatchWriter implements Disposable {
  readonly #file: number;
  readonly #bytes = Buffer.alloc(headBytes + inputBytesMax);
  #count = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'r+');
  }

  /** The process begins with `input`. */
  begin(input: Uint8Array): void {
    this.#bytes.writeUInt32LE(++this.#count, 0);
    this.#bytes.writeUInt32LE(input.length, 4);
    this.#bytes.set(input.subarray(0, inputBytesMax), headBytes);
    writeSync(this.#file, this.#bytes, 0, headBytes + input.length, 0);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** What the watched process shows: 0 inputs until it has begun with one. */
export function readWatch(path: string): { readonly count: number; readonly input: Uint8Array } {
  const bytes = readFileSync(path);
  if (bytes.length < headBytes) return { count: 0, input: new Uint8Array(0) };
  return { count: bytes.readUInt32LE(0), input: bytes.subarray(headBytes, headBytes + bytes.readUInt32LE(4)) };
}
