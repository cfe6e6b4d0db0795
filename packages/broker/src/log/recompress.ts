/**
 * `compression.type` of a topic: batches are kept in that compression, whatever their producer chose. Only the records'
 * bytes are written anew; offsets, times and sequence numbers stay. It is done on this thread, so that batches reach
 * the log in the order in which they came.
 */
import { isMillraceError } from '@millrace/base';
import {
  batchHeader,
  type Compression,
  compressionId,
  compressionOfId,
  compressSync,
  decompressedBytesMaxDefault,
  decompressSync,
  errorCodes,
} from '@millrace/wire';
import type { LogSettings } from '../configuration/topic-configuration.ts';
import { type BatchRefusal, sizeRefusal } from './batch-validation.ts';

const { attributes, batchHeaderBytes, batchHeaderLayout, batchOverheadBytes } = batchHeader;
const { compression: compressionBits } = batchHeader.batchAttributeBits;

/**
 * The batch as its topic wants it: itself when it is so already, else a new one. A refusal when its records can't be
 * decompressed, or take more than the topic allows as they are to be kept. The batch was found valid.
 */
export function recompressed(batch: Uint8Array, settings: LogSettings): Uint8Array | BatchRefusal {
  const { compression: wanted } = settings;
  if (wanted === 'producer') return batch;
  const target: Compression = wanted === 'uncompressed' ? 'none' : wanted;
  const source = compressionOfId(attributes(batch, 0) & compressionBits);
  if (source === target) return batch;
  try {
    const payload = new Uint8Array(batch.buffer, batch.byteOffset + batchHeaderBytes, batch.length - batchHeaderBytes);
    const records = decompressSync(source, payload, decompressedBytesMaxDefault);
    const kept = batchWith(batch, compressSync(target, records, settings.compressionLevel), target);
    return sizeRefusal(kept.length, settings) ?? kept;
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return { errorCode: errorCodes.CORRUPT_MESSAGE, message: error.message };
  }
}

/** A batch with the header of another and records compressed in another way. */
function batchWith(batch: Uint8Array, records: Uint8Array, type: Compression): Uint8Array {
  const made = new Uint8Array(batchHeaderBytes + records.length);
  made.set(batch.subarray(0, batchHeaderBytes));
  made.set(records, batchHeaderBytes);
  const header = new DataView(made.buffer);
  header.setInt32(batchHeaderLayout.batchLength, made.length - batchOverheadBytes);
  const others = attributes(batch, 0) & ~compressionBits;
  header.setInt16(batchHeaderLayout.attributes, others | compressionId(type));
  batchHeader.updateCrc(made, 0);
  return made;
}
