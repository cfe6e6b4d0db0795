/** Durations as Prometheus writes them: numbers with units, each unit at most once, from years to milliseconds. */

const unitSeconds: Readonly<Record<string, number>> = {
  y: 365 * 86_400,
  w: 7 * 86_400,
  d: 86_400,
  h: 3600,
  m: 60,
  s: 1,
  ms: 0.001,
};

const whole = /^(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?$/;

/** `1h30m` as 5400; `text` is one of the form above. */
export function durationSeconds(text: string): number {
  let milliseconds = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)([a-z]+)/g)) {
    milliseconds += Math.round(Number(digits) * (unitSeconds[unit as string] as number) * 1000);
  }
  return milliseconds / 1000;
}

/** The same of any text; undefined where it is no duration. `0` is one too. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  return text !== '' && whole.test(text) ? durationSeconds(text) : undefined;
}
