/** What a broker checks of a record batch before it takes it, as Kafka's LogValidator does for format v2. */
import { isMillraceError } from '@millrace/base';
import { batchHeader, CorruptRecordError, errorCodes, RecordBatch } from '@millrace/wire';
import type { LogSettings } from '../configuration/topic-configuration.ts';

/** Why a batch was refused. */
export interface BatchRefusal {
  readonly errorCode: number;
  readonly message: string;
  /** The records that are to blame, where single ones are. */
  readonly records?: readonly RecordError[];
}

export interface RecordError {
  /** Its place in the batch. */
  readonly index: number;
  readonly message: string;
}

const { attributes, baseOffset, baseSequence, batchSize, computeCrc, crc, lastOffsetDelta, magic } = batchHeader;
const { batchHeaderLayout, maxTimestamp, producerId, recordCount } = batchHeader;
const { compression, control, transactional } = batchHeader.batchAttributeBits;
const zstd = 4;
const noTimestamp = -1;

/**
 * Answers why the records of one partition in a produce request are refused, or undefined when they may be appended.
 * `now` is the broker's clock in milliseconds.
 */
export function refusalOf(bytes: Uint8Array, settings: LogSettings, now: number): BatchRefusal | undefined {
  return shapeRefusal(bytes, settings) ?? countRefusal(bytes) ?? recordsRefusal(bytes, settings, now);
}

function shapeRefusal(bytes: Uint8Array, settings: LogSettings): BatchRefusal | undefined {
  let size: number;
  try {
    size = batchHeader.wholeBatchSize(bytes, 0);
  } catch (error) {
    if (!(error instanceof CorruptRecordError)) throw error;
    const isOld = bytes.length > batchHeaderLayout.magic && magic(bytes, 0) >= 0 && magic(bytes, 0) < 2;
    return { errorCode: isOld ? errorCodes.INVALID_RECORD : errorCodes.CORRUPT_MESSAGE, message: error.message };
  }
  if (size === 0) return { errorCode: errorCodes.INVALID_RECORD, message: 'the record batch is cut off' };
  if (size !== bytes.length) {
    return {
      errorCode: errorCodes.INVALID_RECORD,
      message: 'a produce request must hold exactly one batch a partition',
    };
  }
  const tooLarge = sizeRefusal(size, settings);
  if (tooLarge !== undefined) return tooLarge;
  if (computeCrc(bytes, 0) !== crc(bytes, 0)) {
    return {
      errorCode: errorCodes.CORRUPT_MESSAGE,
      message: 'the checksum of the record batch does not match its bytes',
    };
  }
  return undefined;
}

/** Why a batch of so many bytes is refused. */
export function sizeRefusal(size: number, settings: LogSettings): BatchRefusal | undefined {
  if (size > settings.batchBytesMax) {
    const message = `the record batch has ${size} bytes, more than max.message.bytes of ${settings.batchBytesMax}`;
    return { errorCode: errorCodes.MESSAGE_TOO_LARGE, message };
  }
  if (size > settings.segmentBytes) {
    const message = `the record batch has ${size} bytes, more than segment.bytes of ${settings.segmentBytes}`;
    return { errorCode: errorCodes.RECORD_LIST_TOO_LARGE, message };
  }
  return undefined;
}

function countRefusal(bytes: Uint8Array): BatchRefusal | undefined {
  const invalid = (message: string): BatchRefusal => ({ errorCode: errorCodes.INVALID_RECORD, message });
  const count = recordCount(bytes, 0);
  if (count <= 0) return invalid(`the record batch claims ${count} records`);
  if (baseOffset(bytes, 0) !== 0) return invalid('the record batch has a base offset, which is for the broker to give');
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

/**
 * Reads the records where that may matter: a compacted topic keeps the last one of each key, so each must have one; and
 * a time far off is told with the records that have it. A header's largest time that lies is not found out.
 */
function recordsRefusal(bytes: Uint8Array, settings: LogSettings, now: number): BatchRefusal | undefined {
  const [oldest, newest] = timesAllowed(settings, now);
  if (!settings.compact && oldest === Number.NEGATIVE_INFINITY && maxTimestamp(bytes, 0) <= newest) return undefined;
  const keyless: RecordError[] = [];
  const untimely: RecordError[] = [];
  try {
    let index = 0;
    for (const { keyLength, timestamp } of new RecordBatch(bytes).records()) {
      if (settings.compact && keyLength < 0) {
        keyless.push({ index, message: 'a record of a compacted topic must have a key' });
      } else if (timestamp !== noTimestamp && (timestamp < oldest || timestamp > newest)) {
        const message = `timestamp ${timestamp} is too far from the broker's clock, which says ${now}`;
        untimely.push({ index, message });
      }
      index++;
    }
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return { errorCode: errorCodes.CORRUPT_MESSAGE, message: error.message };
  }
  const records = [...keyless, ...untimely].sort((left, right) => left.index - right.index);
  const [first] = records;
  if (first === undefined) return undefined;
  const errorCode = untimely.length > 0 ? errorCodes.INVALID_TIMESTAMP : errorCodes.INVALID_RECORD;
  return { errorCode, message: first.message, records };
}

/** The oldest and the newest time that a record may have. */
function timesAllowed(settings: LogSettings, now: number): readonly [number, number] {
  const { timestampIsAppendTime, timestampBeforeMaxMs, timestampAfterMaxMs } = settings;
  if (timestampIsAppendTime) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const oldest = timestampBeforeMaxMs > now ? Number.NEGATIVE_INFINITY : now - timestampBeforeMaxMs;
  return [oldest, now + timestampAfterMaxMs];
}
