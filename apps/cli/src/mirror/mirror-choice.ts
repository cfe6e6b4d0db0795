/** What a mirror is to copy, as it is given on the command line, and what its figures come to. */
import type { Mirror } from '@millrace/mirror';
import { UsageError } from '../framework/usage-error.ts';

/** The names of a list with commas. */
export function namesIn(list: string): string[] {
  return list.split(',').map((name) => name.trim());
}

/** Names, and patterns between slashes, of the option of that name. @throws UsageError */
export function namesAndPatterns(option: string, given: readonly string[]): (string | RegExp)[] {
  const names = given.filter((name) => name !== '');
  return names.map((name) => (/^\/.+\/$/.test(name) ? pattern(option, name.slice(1, -1)) : name));
}

function pattern(option: string, source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (error) {
    throw new UsageError(`${option}: /${source}/ is no regular expression`, { cause: error });
  }
}

export interface MirrorTotals {
  readonly records: number;
  readonly bytes: number;
  readonly lag: number;
  /** Whether the source has told of each partition that this worker is to copy how much there is. */
  readonly isKnown: boolean;
}

export function mirrorTotals(mirror: Mirror): MirrorTotals {
  const status = mirror.status();
  let records = 0;
  let bytes = 0;
  let lag = 0;
  let isKnown = status.length === mirror.assignedPartitions;
  for (const each of status) {
    records += each.recordsCopied;
    bytes += each.bytesCopied;
    if (each.lag === undefined) isKnown = false;
    else lag += each.lag;
  }
  return { records, bytes, lag, isKnown };
}
