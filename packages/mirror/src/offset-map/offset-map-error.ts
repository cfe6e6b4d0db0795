import { MillraceError } from '@millrace/base';

/** Bytes that should be a record of a mirror's journal and are not. The same bytes fail again. */
export class JournalRecordError extends MillraceError {
  readonly code = 'journal_record_corrupt';
  /** Where in the key or value the contradiction was found, in bytes. */
  readonly position: number;

  constructor(problem: string, position: number) {
    super(
      `a record of the mirror's journal can't be read: ${problem} (at byte ${position}); ` +
        'was it written by a newer version, or by something else than a mirror?',
    );
    this.position = position;
  }
}

/** A run that does not lie behind the map's last one on both sides: the journal contradicts itself. */
export class OffsetMapOrderError extends MillraceError {
  readonly code = 'offset_map_disorder';
  /** The source and target offset with which the run begins. */
  readonly source: number;
  readonly target: number;

  constructor(source: number, target: number, endSource: number, endTarget: number) {
    super(
      `source offset ${source} is said to lie at target offset ${target}, but the map already reaches source offset ` +
        `${endSource} and target offset ${endTarget}; the mirror's journal is damaged or has two writers`,
    );
    this.source = source;
    this.target = target;
  }
}
