/** What a mirror promises, and what becomes of what it can't copy, as options of a command. */
import type { MirrorOptions } from '@millrace/mirror';
import { choice, flag, type Values, withDefault } from '../framework/option.ts';

export const promiseOptions = {
  atLeastOnce: flag({
    help:
      'For targets that refuse exactly once (no transactions, or no right to them): a crash or a takeover repeats ' +
      'about the last second of records, and leaves none out',
  }),
  lostRecords: withDefault(
    choice({ help: 'What becomes of a partition whose next records the source deleted before they were copied' }, [
      'continue',
      'stop',
    ] as const),
    'continue',
  ),
  largeRecords: withDefault(
    choice(
      { help: 'What becomes of a record that is larger than the target takes: its partition stops, or it is left out' },
      ['stop', 'skip'] as const,
    ),
    'stop',
  ),
  invalidTimes: withDefault(
    choice(
      {
        help: 'What becomes of records whose times the target refuses: their partition stops, or they are left out',
      },
      ['stop', 'skip'] as const,
    ),
    'stop',
  ),
  recreatedTopics: withDefault(
    choice({ help: 'What becomes of a topic that was deleted on the source and made anew' }, [
      'stop',
      'continue',
    ] as const),
    'stop',
  ),
  truncatedTarget: withDefault(
    choice(
      { help: 'What becomes of a partition whose target lost records that were copied: it stops, or they are again' },
      ['stop', 'continue'] as const,
    ),
    'stop',
  ),
} as const;

type Promised = Pick<MirrorOptions, 'guarantee' | keyof Omit<typeof promiseOptions, 'atLeastOnce'>>;

/** What a mirror is told of it. */
export function promiseOf(options: Values<typeof promiseOptions>): Promised {
  const { atLeastOnce, ...policies } = options;
  const { lostRecords, largeRecords, invalidTimes, recreatedTopics, truncatedTarget } = policies;
  const guarantee = atLeastOnce ? 'at-least-once' : 'exactly-once';
  return { guarantee, lostRecords, largeRecords, invalidTimes, recreatedTopics, truncatedTarget };
}
