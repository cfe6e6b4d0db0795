/** What a broker checks of a record batch before it takes it, as Kafka's LogValidator does for format v2. */
import { isMillraceError } from '@millrace/base';
import { batchHeader, CorruptRecordError, errorCodes, RecordBatch } from '@millrace/wire';
import type { LogSettings } from '../configuration/topic-configuration.ts';

/** Why a batch was refused. */
export interface BatchRefusal {
  readonly errorCode: number;
  readonly message: string;
}

const { attributes, baseSequence, batchSize, computeCrc, crc, lastOffsetDelta, maxTimestamp, producerId, recordCount } =
  batchHeader;
const { compression, control, transactional } = batchHeader.batchAttributeBits;
const zstd = 4;
const noTimestamp = -1;

/**
 * Answers why the records of one partition in a produce request are refused, or undefined when they may be appended.
 * `now` is the broker's clock in milliseconds.
 */
export function refusalOf(bytes: Uint8Array, settings: LogSettings, now: number): BatchRefusal | undefined {
  return (
    shapeRefusal(bytes, settings) ??
    countRefusal(bytes) ??
    timestampRefusal(bytes, settings, now) ??
    keyRefusal(bytes, settings)
  );
}

function shapeRefusal(bytes: Uint8Array, settings: LogSettings): BatchRefusal | undefined {
  let size: number;
  try {
    size = batchHeader.wholeBatchSize(bytes, 0);
  } catch (error) {
    if (!(error instanceof CorruptRecordError)) throw error;
    return { errorCode: errorCodes.CORRUPT_MESSAGE, message: error.message };
  }
  if (size === 0) return { errorCode: errorCodes.CORRUPT_MESSAGE, message: 'the record batch is cut off' };
  if (size !== bytes.length) {
    return {
      errorCode: errorCodes.INVALID_RECORD,
      message: 'a produce request must hold exactly one batch a partition',
    };
  }
  if (size > settings.batchBytesMax) {
    const message = `the record batch has ${size} bytes, more than max.message.bytes of ${settings.batchBytesMax}`;
    return { errorCode: errorCodes.MESSAGE_TOO_LARGE, message };
  }
  if (size > settings.segmentBytes) {
    const message = `the record batch has ${size} bytes, more than segment.bytes of ${settings.segmentBytes}`;
    return { errorCode: errorCodes.RECORD_LIST_TOO_LARGE, message };
  }
  if (computeCrc(bytes, 0) !== crc(bytes, 0)) {
    return {
      errorCode: errorCodes.CORRUPT_MESSAGE,
      message: 'the checksum of the record batch does not match its bytes',
    };
  }
  return undefined;
}

function countRefusal(bytes: Uint8Array): BatchRefusal | undefined {
  const invalid = (message: string): BatchRefusal => ({ errorCode: errorCodes.INVALID_RECORD, message });
  const count = recordCount(bytes, 0);
  if (count <= 0) return invalid(`the record batch claims ${count} records`);
  if (lastOffsetDelta(bytes, 0) !== count - 1) return invalid('the record batch has gaps between its offsets');
  if ((attributes(bytes, 0) & control) !== 0) return invalid('clients may not write control batches');
  if ((attributes(bytes, 0) & transactional) !== 0 && producerId(bytes, 0) < 0) {
    return invalid('the record batch belongs to a transaction and has no producer id');
  }
  if (producerId(bytes, 0) >= 0 && baseSequence(bytes, 0) < 0) {
    return invalid('the record batch has a producer id and no sequence number');
  }
  if ((attributes(bytes, 0) & compression) > zstd) {
    return { errorCode: errorCodes.UNSUPPORTED_COMPRESSION_TYPE, message: 'the compression of the batch is not known' };
  }
  // Without compression every record takes at least seven bytes, so a larger count is a lie.
  if ((attributes(bytes, 0) & compression) === 0 && count * 7 > batchSize(bytes, 0) - batchHeader.batchHeaderBytes) {
    return invalid(`the record batch is too short for ${count} records`);
  }
  return undefined;
}

function timestampRefusal(bytes: Uint8Array, settings: LogSettings, now: number): BatchRefusal | undefined {
  if (settings.timestampIsAppendTime) return undefined;
  const newest = maxTimestamp(bytes, 0);
  if (newest === noTimestamp) return undefined;
  if (newest > now + settings.timestampAfterMaxMs || newest < now - settings.timestampBeforeMaxMs) {
    const message = `timestamp ${newest} is too far from the broker's clock, which says ${now}`;
    return { errorCode: errorCodes.INVALID_TIMESTAMP, message };
  }
  return undefined;
}

/** A compacted topic keeps the last record of each key, so each must have one. */
function keyRefusal(bytes: Uint8Array, settings: LogSettings): BatchRefusal | undefined {
  if (!settings.compact) return undefined;
  try {
    for (const record of new RecordBatch(bytes).records()) {
      if (record.keyLength < 0) {
        return { errorCode: errorCodes.INVALID_RECORD, message: 'a record of a compacted topic must have a key' };
      }
    }
    return undefined;
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return { errorCode: errorCodes.CORRUPT_MESSAGE, message: error.message };
  }
}
