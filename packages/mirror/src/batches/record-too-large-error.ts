import { MillraceError } from '@millrace/base';

/** A single record of the source takes more, as a batch of its own, than the target takes. */
export class RecordTooLargeError extends MillraceError {
  readonly code = 'record_too_large';
  /** Of the record, in the source. */
  readonly offset: number;
  /** Bytes of the smallest batch that holds it. */
  readonly sizeInBytes: number;
  readonly batchBytesMax: number;

  constructor(offset: number, sizeInBytes: number, batchBytesMax: number) {
    super(
      `the record at source offset ${offset} takes a batch of ${sizeInBytes} bytes, more than the ${batchBytesMax} ` +
        'allowed; raise max.message.bytes of the target topic, or let the mirror go on without the record',
    );
    this.offset = offset;
    this.sizeInBytes = sizeInBytes;
    this.batchBytesMax = batchBytesMax;
  }
}
