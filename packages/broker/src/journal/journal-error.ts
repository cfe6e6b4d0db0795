import { MillraceError } from '@millrace/base';

/**
 * A journal can't be read: bytes before its last sound entry are damaged, or it is no journal of a format known here.
 */
export class JournalCorruptError extends MillraceError {
  readonly code = 'journal_corrupt';
  readonly path: string;
  /** The first byte that could not be understood. */
  readonly position: number;

  constructor(path: string, position: number, reason: string, options?: { readonly cause: unknown }) {
    super(
      `the journal ${path} is damaged at byte ${position}: ${reason}; restore the file from a backup, ` +
        'or cut it at that byte to give up what comes after',
      options,
    );
    this.path = path;
    this.position = position;
  }
}

/** An append came after the journal was closed. */
export class JournalClosedError extends MillraceError {
  readonly code = 'journal_closed';
  readonly path: string;

  constructor(path: string) {
    super(`the journal ${path} is closed; nothing can be stored any more`);
    this.path = path;
  }
}

/** An entry is longer than a journal takes. */
export class JournalEntryTooLargeError extends MillraceError {
  readonly code = 'journal_entry_too_large';
  readonly bytes: number;
  readonly bytesMax: number;

  constructor(section: string, bytes: number, bytesMax: number) {
    super(`an entry of ${bytes} bytes for ${section} is over the journal's bound of ${bytesMax}; store less at once`);
    this.bytes = bytes;
    this.bytesMax = bytesMax;
  }
}
