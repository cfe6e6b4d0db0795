/**
 * Damage in a segment: bytes that are no sound batches. They stay where they are, as evidence and because nothing can
 * be gained by moving them; readers are told, and go on behind them.
 */
import { MillraceError } from '@millrace/base';

/** A damaged part of a segment. */
export interface Hole {
  /** First damaged byte. */
  readonly position: number;
  /** Behind the last damaged byte. */
  readonly end: number;
  /** Offset of the first record that may be missing. */
  readonly offset: number;
  /** Offset of the first one behind. */
  readonly nextOffset: number;
}

/** A damaged part of a log, for people. Records from `fromOffset` to before `toOffset` can't be read. */
export interface LogDamage {
  readonly path: string;
  readonly position: number;
  readonly bytes: number;
  readonly fromOffset: number;
  readonly toOffset: number;
}

/** The records at an offset can't be read, because the disk has damaged them. */
export class DamagedRecordsError extends MillraceError {
  readonly code = 'records_damaged';
  readonly path: string;
  /** Where reading can go on. */
  readonly nextOffset: number;

  constructor(path: string, { offset, nextOffset }: Hole) {
    super(
      `the records from offset ${offset} to ${nextOffset - 1} in ${path} are damaged; ` +
        `go on at offset ${nextOffset}, and check the disk`,
    );
    this.path = path;
    this.nextOffset = nextOffset;
  }
}

/** A reader has met bytes that are no sound batch, in a segment where no damage was known. */
export class DamageFound extends Error {
  readonly position: number;
  /** The least offset that a record there can have. */
  readonly offset: number;

  constructor(position: number, offset: number) {
    super(`no sound batch lies at byte ${position}`);
    this.position = position;
    this.offset = offset;
  }
}

export function holesOf(segments: readonly { readonly path: string; readonly holes: readonly Hole[] }[]): LogDamage[] {
  return segments.flatMap(({ path, holes }) =>
    holes.map(({ position, end, offset, nextOffset }) => {
      return { path, position, bytes: end - position, fromOffset: offset, toOffset: nextOffset };
    }),
  );
}

/** What the operator is told, once. */
export function describeHole(path: string, { position, end, offset, nextOffset }: Hole): string {
  return (
    `${nextOffset - offset} records from offset ${offset} on can't be read in ${path}, whose bytes ` +
    `from ${position} to ${end} are damaged; all others can. Check the disk`
  );
}
