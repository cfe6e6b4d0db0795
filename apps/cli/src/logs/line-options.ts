/** What commands that store lines have in common: labels, joining, masking. */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { Masker, TailerOptions } from '@millrace/pipelines';
import { choice, many, text, type Values, withDefault } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';

export const maskOption = {
  mask: text({ placeholder: 'FILE', help: 'Rules that take secrets out of lines, as JSON' }),
} as const;

export const lineOptions = {
  service: text({ placeholder: 'NAME', help: 'Which program writes the lines: their label `service`' }),
  label: many({ placeholder: 'KEY=VALUE', help: 'A label of all lines; may be given more than once' }, pair),
  join: withDefault(
    choice({ help: 'Whether the lines of a stack trace are one record' }, ['traces', 'none']),
    'traces',
  ),
  ...maskOption,
} as const;

function pair(given: string): readonly [string, string] {
  const at = given.indexOf('=');
  if (at < 1) throw new UsageError(`'${given}' is no label: write KEY=VALUE`);
  return [given.slice(0, at), given.slice(at + 1)];
}

/** The options as tailers take them. */
export async function lineSettings(
  options: Values<typeof lineOptions>,
): Promise<Pick<TailerOptions, 'labels' | 'joining' | 'masker'>> {
  const service = options.service === undefined ? {} : { service: options.service };
  const labels = { host: hostname(), ...service, ...Object.fromEntries(options.label) };
  return { labels, joining: options.join, masker: await maskerOf(options.mask) };
}

/** The rules of a file, with those that come along. */
export async function maskerOf(file: string | undefined): Promise<Masker> {
  const { Masker, parseMaskRules } = await import('@millrace/pipelines');
  return new Masker(file === undefined ? {} : parseMaskRules(await readFile(file, 'utf8')));
}
