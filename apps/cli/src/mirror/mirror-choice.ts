/** Which topics a mirror is to copy, as they are given on the command line, and what its figures come to. */
import type { Mirror } from '@millrace/mirror';
import { UsageError } from '../framework/usage-error.ts';

/** Names, and patterns between slashes. @throws UsageError */
export function topicChoice(given: readonly string[]): (string | RegExp)[] {
  const topics = given.filter((topic) => topic !== '');
  if (topics.length === 0) throw new UsageError('--topics: name at least one topic, or a /PATTERN/');
  return topics.map((topic) => (/^\/.+\/$/.test(topic) ? pattern(topic.slice(1, -1)) : topic));
}

function pattern(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (error) {
    throw new UsageError(`--topics: /${source}/ is no regular expression`, { cause: error });
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
