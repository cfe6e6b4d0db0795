import { MillraceError } from '@millrace/base';

/** A record, or the batch it would join, is larger than the format allows. */
export class RecordTooLargeError extends MillraceError {
  readonly code = 'record_too_large';
  readonly sizeInBytes: number;
  readonly sizeMax: number;

  constructor(sizeInBytes: number, sizeMax: number) {
    super(
      `a record batch would take ${sizeInBytes} bytes, more than the ${sizeMax} that the format allows; build the batch first and ` +
        'append the record to the next one, or split the record',
    );
    this.sizeInBytes = sizeInBytes;
    this.sizeMax = sizeMax;
  }
}
