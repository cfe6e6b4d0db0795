/** Chunks on disk: keyed by series and start, so that a series' chunks lie beside each other in the order of time. */
import type { OrderedSpace, OrderedStore, WriteBatch } from '@millrace/store';
import { type Chunk, chunkExtent, encodeChunk } from './chunk.ts';

export interface StoredChunk {
  readonly startMs: number;
  readonly bytes: Uint8Array;
}

const keyBytes = 10;
/** The largest time: six bytes of a key, with room for the next. */
export const timeMsMax = 2 ** 47;

export class StoredChunks {
  readonly #space: OrderedSpace;

  constructor(store: OrderedStore) {
    this.#space = store.space('chunks');
  }

  put(batch: WriteBatch, id: number, chunk: Chunk): void {
    batch.put(this.#space, chunkKey(id, chunk.startMs), encodeChunk(chunk));
  }

  delete(batch: WriteBatch, id: number, startMs: number): void {
    batch.delete(this.#space, chunkKey(id, startMs));
  }

  /** The chunk of a series that begins last of those that begin no later than a time. */
  at(id: number, timeMs: number): StoredChunk | undefined {
    const range = { from: chunkKey(id, 0), to: chunkKey(id, timeMs + 1), reverse: true, limit: 1 };
    for (const entry of this.#space.range(range)) return storedChunk(entry);
    return undefined;
  }

  /** The chunks of a series that may hold samples from a time to another, in their order. */
  *between(id: number, fromMs: number, toMs: number): Generator<StoredChunk> {
    const first = this.at(id, fromMs);
    const range = { from: chunkKey(id, first?.startMs ?? fromMs), to: chunkKey(id, toMs + 1) };
    for (const entry of this.#space.range(range)) {
      const chunk = storedChunk(entry);
      if (chunk.startMs <= fromMs && chunkExtent(chunk.bytes).endMs < fromMs) continue;
      yield chunk;
    }
  }

  /**
   * Starts of the chunks of a series that end before a time and were written before it, and whether it has others.
   * History that came in late stays as long as what was new then.
   */
  endedBefore(id: number, timeMs: number): { readonly starts: readonly number[]; readonly hasOthers: boolean } {
    const starts: number[] = [];
    let hasOthers = false;
    for (const entry of this.#space.range({ from: chunkKey(id, 0), to: chunkKey(id, timeMs) })) {
      const { startMs, bytes } = storedChunk(entry);
      const { endMs, writtenMs } = chunkExtent(bytes);
      if (endMs < timeMs && writtenMs < timeMs) starts.push(startMs);
      else hasOthers = true;
    }
    return { starts, hasOthers: hasOthers || this.at(id, timeMsMax)?.startMs !== starts.at(-1) };
  }
}

function chunkKey(id: number, startMs: number): Buffer {
  const key = Buffer.alloc(keyBytes);
  key.writeUInt32BE(id);
  key.writeUIntBE(Math.max(0, startMs), 4, 6);
  return key;
}

function storedChunk({ key, value }: { readonly key: Buffer; readonly value: Uint8Array }): StoredChunk {
  return { startMs: key.readUIntBE(4, 6), bytes: value };
}
