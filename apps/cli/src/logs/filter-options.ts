/** Which lines of logs a command means: the filters that searching and following have in common. */
import { choice, many, text, type Values } from '../framework/option.ts';

export const filterOptions = {
  label: many(
    { placeholder: 'KEY=VALUE', help: 'Lines that have this label; may be given more than once' },
    (it) => it,
  ),
  level: choice({ help: 'Lines of this severity or worse' }, ['trace', 'debug', 'info', 'warn', 'error', 'fatal']),
  template: text({ placeholder: 'ID', help: 'Lines of this shape' }),
} as const;

/** The filters as the server takes them; `words` are what lines must have. */
export function filtersOf({ label, level, template }: Values<typeof filterOptions>, words: readonly string[]) {
  return {
    ...(words.length === 0 ? {} : { text: words.map(quoted).join(' ') }),
    ...(label.length === 0 ? {} : { label: label.join(',') }),
    ...(level === undefined ? {} : { severity: `${level}+` }),
    ...(template === undefined ? {} : { template }),
  };
}

/** Several words that the shell gave as one are together in the line. */
function quoted(word: string): string {
  return /\s/.test(word) && !word.includes('"') ? `"${word}"` : word;
}
