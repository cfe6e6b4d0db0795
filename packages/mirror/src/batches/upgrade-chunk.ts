/**
 * Rewrites a chunk that holds messages from before Kafka 0.11 as batches of format v2: same offsets, keys, values and
 * times. Messages of their own are put together, a wrapper becomes a batch by the same codec. Batches of v2 among them
 * stay as they are.
 */
import { batchHeader, CorruptRecordError, compressionOfId, RecordBatchBuilder } from '@millrace/wire';
import { isOldMessage, type OldMessage, readOldEntry, unwrapped } from './old-message.ts';

export interface UpgradedChunk {
  /** Batches of format v2, the chunk's cut-off part left out. */
  readonly bytes: Uint8Array;
  /** What is wrong with the bytes behind those, if anything. */
  readonly error: unknown;
}

/** Of messages that are put together. */
const batchBytesMax = 256 * 1024;
const offsetDeltaMax = 0x7fffffff;

/** Upgrades a chunk up to its cut-off part, or up to where it is damaged. */
export async function upgradeChunk(bytes: Uint8Array, decompressedBytesMax: number): Promise<UpgradedChunk> {
  const upgrade = new ChunkUpgrade(bytes, decompressedBytesMax);
  try {
    await upgrade.run();
    return { bytes: upgrade.result(), error: undefined };
  } catch (error) {
    return { bytes: upgrade.result(), error };
  }
}

class ChunkUpgrade {
  readonly #bytes: Uint8Array;
  readonly #decompressedBytesMax: number;
  readonly #parts: Uint8Array[] = [];
  readonly #builder = new RecordBatchBuilder();
  #baseOffset = 0;
  #end = -1;

  constructor(bytes: Uint8Array, decompressedBytesMax: number) {
    this.#bytes = bytes;
    this.#decompressedBytesMax = decompressedBytesMax;
  }

  async run(): Promise<void> {
    const bytes = this.#bytes;
    for (let position = 0; position < bytes.length; ) {
      if (!isOldMessage(bytes, position)) {
        const size = batchHeader.wholeBatchSize(bytes, position);
        if (size === 0) return;
        this.#flush(0);
        this.#parts.push(bytes.subarray(position, position + size));
        position += size;
        continue;
      }
      const entry = readOldEntry(bytes, position);
      if (entry === undefined) return;
      if (entry.compressionId === 0) this.#append(entry);
      else {
        const messages = await unwrapped(entry, this.#decompressedBytesMax);
        this.#flush(0);
        for (const message of messages) this.#append(message, entry.compressionId);
        this.#flush(entry.compressionId);
      }
      position = entry.end;
    }
  }

  result(): Uint8Array {
    this.#flush(0);
    return Buffer.concat(this.#parts);
  }

  #append({ offset, timestamp, key, value }: OldMessage, compressionId = 0): void {
    if (offset < 0 || offset < this.#end) {
      throw new CorruptRecordError(`a message of an old format has offset ${offset} behind ${this.#end - 1}`, 0);
    }
    const builder = this.#builder;
    if (
      (compressionId === 0 && builder.sizeInBytes > batchBytesMax) ||
      offset - this.#baseOffset > offsetDeltaMax ||
      !Number.isSafeInteger(timestamp - builder.baseTimestamp)
    ) {
      this.#flush(compressionId);
    }
    if (builder.recordCount === 0) this.#baseOffset = offset;
    builder.append(timestamp, key, value, [], offset - this.#baseOffset);
    this.#end = offset + 1;
  }

  #flush(compressionId: number): void {
    const builder = this.#builder;
    if (builder.recordCount === 0) return;
    const compression = compressionOfId(compressionId);
    this.#parts.push(Uint8Array.from(builder.build({ compression, baseOffset: this.#baseOffset })));
    builder.reset();
  }
}
