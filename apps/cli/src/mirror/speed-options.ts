/** How quickly a mirror copies, and what comes first, as options of a command. */
import type { MirrorOptions } from '@millrace/mirror';
import { many, parsed, type Values } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';
import { namesAndPatterns, namesIn } from './mirror-choice.ts';

export const speedOptions = {
  limit: parsed(
    { placeholder: 'BYTES', help: 'Most bytes per second, for all workers together: 10MB, 512KiB (default: no limit)' },
    bytesOf,
  ),
  memory: parsed(
    { placeholder: 'BYTES', help: 'Most bytes that are fetched and not stored yet (default: 256MiB)' },
    bytesOf,
  ),
  first: many(
    { placeholder: 'A,B', help: 'The topics that come first where not all can be fetched at once; or /PATTERN/' },
    namesIn,
  ),
} as const;

/** What a mirror is told of it. @throws UsageError */
export function speedOf(
  options: Values<typeof speedOptions>,
): Pick<MirrorOptions, 'bytesPerSecondMax' | 'memoryBytesMax' | 'priority'> {
  const first = namesAndPatterns('--first', options.first.flat());
  const isFirst = (topic: string): boolean =>
    first.some((each) => (typeof each === 'string' ? each === topic : new RegExp(`^(?:${each.source})$`).test(topic)));
  const priority = first.length === 0 ? undefined : (topic: string): number => (isFirst(topic) ? 1 : 0);
  return { bytesPerSecondMax: options.limit, memoryBytesMax: options.memory, priority };
}

const units: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['B', 1],
  ['kB', 1e3],
  ['KB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
]);

/** `10MB`, `1.5 GiB`, `4096`. @throws UsageError */
function bytesOf(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text) ?? [];
  const bytes = Number(digits) * (units.get(unit) ?? Number.NaN);
  if (bytes > 0) return bytes;
  throw new UsageError(`'${text}' is no number of bytes, as 10MB or 512KiB is`);
}
