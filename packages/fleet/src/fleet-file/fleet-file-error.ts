import { MillraceError } from '@millrace/base';

/** Something wrong in a fleet file. */
export interface FleetFileProblem {
  /** Where: `clusters[0].client["sasl.password"]`; empty for the file as a whole. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** To be read after the path: `is required`. */
  readonly message: string;
}

/** A fleet file can't be read, or says what can't be. */
export class FleetFileError extends MillraceError {
  readonly code: 'fleet_file_unreadable' | 'fleet_file_invalid';
  readonly file: string;
  /** In the order of the file; none when it could not be read. */
  readonly problems: readonly FleetFileProblem[];

  constructor(file: string, problems: readonly FleetFileProblem[], options: { cause?: unknown; reason?: string } = {}) {
    const { cause, reason } = options;
    const sentences = problems.map(({ path, line, message }) => `${file}:${line}: ${`${path} ${message}`.trim()}`);
    super(reason === undefined ? sentences.join('\n') : `the fleet file ${file} can't be read: ${reason}`, { cause });
    this.code = reason === undefined ? 'fleet_file_invalid' : 'fleet_file_unreadable';
    this.file = file;
    this.problems = problems;
  }
}
