/**
 * Numbers of Debezium's date and time types as PostgreSQL writes them: the reverse of `replication/values/times.ts`.
 */

/** Days fit into 32 bits; numbers that do not stand for infinity. */
const daysMax = 2_147_483_647n;
/** Debezium's numbers of infinite timestamps, and the largest of 64 bits, which some versions write instead. */
const infinities = new Set([9_223_372_036_825_200_000n, 9_223_372_036_854_775_807n]);
const negativeInfinities = new Set([-9_223_372_036_832_400_000n, -9_223_372_036_854_775_808n]);
const microsOfDay = 86_400_000_000n;

/** A day since 1970 as a date. */
export function dateText(days: bigint): string {
  if (days > daysMax) return 'infinity';
  if (days < -daysMax) return '-infinity';
  const { text, isBefore } = civil(Number(days));
  return isBefore ? `${text} BC` : text;
}

/** Microseconds since 1970 as a timestamp. */
export function timestampText(micros: bigint): string {
  if (infinities.has(micros)) return 'infinity';
  if (negativeInfinities.has(micros)) return '-infinity';
  const rest = ((micros % microsOfDay) + microsOfDay) % microsOfDay;
  const { text, isBefore } = civil(Number((micros - rest) / microsOfDay));
  return `${text} ${clockText(rest)}${isBefore ? ' BC' : ''}`;
}

/** Microseconds since midnight as a time of day. */
export function clockText(micros: bigint): string {
  const whole = micros / 1_000_000n;
  const fraction = micros % 1_000_000n;
  const clock = [whole / 3600n, (whole / 60n) % 60n, whole % 60n].map((part) => String(part).padStart(2, '0'));
  return `${clock.join(':')}${fraction === 0n ? '' : `.${String(fraction).padStart(6, '0')}`}`;
}

/** Milliseconds since 1970 as microseconds; infinity is the same number of either. */
export function microsOfMillis(millis: bigint): bigint {
  return infinities.has(millis) || negativeInfinities.has(millis) ? millis : millis * 1000n;
}

/** Civil date from days (Howard Hinnant's algorithm), for any year. */
function civil(days: number): { readonly text: string; readonly isBefore: boolean } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const isBefore = year <= 0;
  const shown = String(isBefore ? 1 - year : year).padStart(4, '0');
  return { text: `${shown}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`, isBefore };
}
