/** What can go wrong with a store as a whole. What a single record is refused for is in `records/record-error.ts`. */
import { MillraceError } from '@millrace/base';

const sentences = {
  store_closed: 'The store is closed; open it again.',
  store_in_use: 'The store is open already; close it there first, or give this one a directory of its own.',
  key_too_long: 'The key is too long for the store.',
  too_many_spaces: 'The store has as many spaces as it can hold; use fewer names.',
  disk_full: 'The disk is full; free some space. Nothing of what was to be written is in the store.',
  store_corrupt: 'The store holds bytes that it did not write; restore it from what it was made of.',
  store_failed: 'The store could not do what it was asked for.',
} as const;

/** A store failed as a whole, or was asked for what no store can do. */
export class StoreError extends MillraceError {
  readonly code: keyof typeof sentences;
  override readonly retriable: boolean;

  /** `detail` says which store, key or file it is about; it follows the sentence of the code. */
  constructor(code: StoreError['code'], options: { detail?: string | undefined; cause?: unknown } = {}) {
    super(options.detail === undefined ? sentences[code] : `${sentences[code]} (${options.detail})`, {
      cause: options.cause,
    });
    this.code = code;
    this.retriable = code === 'disk_full';
  }
}
