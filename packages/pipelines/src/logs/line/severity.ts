/**
 * How severe a line says it is, as OpenTelemetry numbers it: 1 to 4 trace, 5 debug, 9 info, 13 warn, 17 error, 21
 * fatal.
 */

export type Severity = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

export const severities: readonly Severity[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

const WORDS: Readonly<Record<string, Severity>> = {
  trace: 'trace',
  finest: 'trace',
  verbose: 'trace',
  debug: 'debug',
  fine: 'debug',
  info: 'info',
  information: 'info',
  notice: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  err: 'error',
  severe: 'error',
  failure: 'error',
  fatal: 'fatal',
  crit: 'fatal',
  critical: 'fatal',
  alert: 'fatal',
  emerg: 'fatal',
  emergency: 'fatal',
  panic: 'fatal',
};
const LETTERS: Readonly<Record<string, Severity>> = {
  V: 'trace',
  D: 'debug',
  I: 'info',
  W: 'warn',
  E: 'error',
  F: 'fatal',
};

/** The severity that a word names; undefined when it names none. */
export function severityOfWord(word: string): Severity | undefined {
  if (word.length === 1) return LETTERS[word];
  return word.length <= 11 ? WORDS[word.toLowerCase()] : undefined;
}
/** Of OpenTelemetry's number, 1 to 24; undefined for 0, which says nothing. */
export function severityOfNumber(number: number): Severity | undefined {
  return number >= 1 && number <= 24 ? severities[Math.floor((number - 1) / 4)] : undefined;
}
