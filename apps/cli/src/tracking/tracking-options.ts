/** The options of `pipeline tracking`: which it takes depends on what it is asked to do. */
import { clusterOptions } from '../cluster/cluster-options.ts';
import type { Call } from '../framework/command.ts';
import { choice, integer, parsed, text, withDefault } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';

const moment = (given: string): string => {
  if (!Number.isNaN(Date.parse(given))) return new Date(given).toISOString();
  throw new UsageError(`'${given}' is not a time, such as 2026-03-01 or 2026-03-01T12:00:00Z`);
};

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

const seconds = (given: string): number => {
  const [, number, unit] = /^(\d+)([smhd])$/.exec(given) ?? [];
  if (number !== undefined && Number(number) > 0) return Number(number) * (secondsOf[unit as string] as number);
  throw new UsageError(`'${given}' is not a length of time, such as 90s, 30m, 12h or 7d`);
};

export const trackingOptions = {
  import: text({ placeholder: 'FILE', help: 'Import an access log in the combined format, plain or gzip' }),
  site: text({
    placeholder: 'NAME',
    help: "Only this site; with --import, the log's (default: the file's name)",
  }),
  pages: withDefault(integer({ placeholder: 'N', help: 'How many pages to list' }, { min: 0, max: 10_000 }), 20),
  from: parsed({ placeholder: 'TIME', help: 'Sessions and funnels that began then or later' }, moment),
  to: parsed({ placeholder: 'TIME', help: 'Likewise before then' }, moment),
  limit: integer(
    { placeholder: 'N', help: 'How many sessions or bad events to list (default: 20)' },
    { min: 1, max: 100_000 },
  ),
  within: withDefault(
    parsed({ placeholder: 'TIME', help: 'From the first step of a funnel to its last: 30m, 12h, 7d' }, seconds),
    7 * 86_400,
    '7d',
  ),
  period: withDefault(choice({ help: 'Of retention' }, ['day', 'week']), 'day'),
  periods: withDefault(integer({ placeholder: 'N', help: 'How many periods of retention' }, { min: 1, max: 400 }), 8),
  minutes: withDefault(integer({ placeholder: 'N', help: 'How far `live` looks back' }, { min: 1, max: 120 }), 30),
  reason: choice({ help: 'Only bad events of this reason' }, ['shape', 'schema', 'unreadable']),
  ...clusterOptions,
} as const;

export type TrackingCall = Call<typeof trackingOptions>;
