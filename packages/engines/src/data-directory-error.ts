import { MillraceError } from '@millrace/base';

/** Why a data directory can't be used. */
export type DataDirectoryProblem =
  | 'data_directory_in_use'
  | 'data_directory_foreign'
  | 'data_directory_unreadable'
  | 'data_directory_newer'
  | 'data_directory_damaged';

/** A data directory could not be opened; nothing in it was changed. */
export class DataDirectoryError extends MillraceError {
  readonly code: DataDirectoryProblem;
  /** The directory, absolute. */
  readonly path: string;
  /** Process id of the holder when the directory is in use. */
  readonly pid: number | undefined;
  /** Where the holder's control plane answers, when the directory is in use and it said so. */
  readonly url: string | undefined;

  constructor(
    code: DataDirectoryProblem,
    path: string,
    message: string,
    options: { cause?: unknown; hint?: string; pid?: number | undefined; url?: string | undefined } = {},
  ) {
    super(message, { cause: options.cause, hint: options.hint });
    this.code = code;
    this.path = path;
    this.pid = options.pid;
    this.url = options.url;
  }
}
