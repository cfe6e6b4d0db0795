/** Dates and times as PostgreSQL writes them, as the numbers of Debezium's types. */

/** Debezium's numbers for `infinity` and `-infinity`. */
const infinite = { infinity: '9223372036825200000', '-infinity': '-9223372036832400000' } as const;

export function infiniteOf(text: string): string | undefined {
  return text === 'infinity' || text === '-infinity' ? infinite[text] : undefined;
}

/** Days since 1970 of `2020-02-29` and `0044-03-15 BC`. */
export function epochDays(text: string): number {
  const [date = '', era] = text.split(' ');
  const [year = 1970, month = 1, day = 1] = date.split('-').map(Number);
  return daysOf(era === 'BC' ? 1 - year : year, month, day);
}

/** Days from civil date (Howard Hinnant's algorithm), for any year. */
export function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Microseconds since midnight of `12:34:56.789`. */
export function dayMicros(text: string): number {
  const [hours = 0, minutes = 0, seconds = '0'] = text.split(':');
  const [whole = '0', fraction = ''] = String(seconds).split('.');
  const micros = Number(fraction.padEnd(6, '0').slice(0, 6));
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(whole)) * 1_000_000 + micros;
}

/** Microseconds since 1970 of `2020-01-02 03:04:05.678 BC`; more than a double holds. */
export function epochMicros(text: string): bigint {
  const [date = '', time = '00:00:00', era] = text.split(' ');
  return BigInt(epochDays(era === 'BC' ? `${date} BC` : date)) * 86_400_000_000n + BigInt(dayMicros(time));
}

/** `2020-01-02 03:04:05.6+00` as `2020-01-02T03:04:05.600000Z`; the session's zone is UTC. */
export function zonedTimestamp(text: string): string {
  const [date = '', time = '', era] = text.split(' ');
  const plain = time.replace(/[+-]\d\d(:\d\d)*$/, '');
  const [clock = '', fraction = ''] = plain.split('.');
  const year = era === 'BC' ? `-${date}` : date;
  return `${year}T${clock}.${fraction.padEnd(6, '0')}Z`;
}

/** `03:04:05.6+02:30` as the time in GMT. */
export function zonedTime(text: string): string {
  const [, clock = '', sign = '+', hours = '0', minutes = '0', seconds = '0'] =
    /^([\d:.]+)([+-])(\d\d):?(\d\d)?:?(\d\d)?$/.exec(text) ?? [];
  const shift = (Number(hours) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)) * 1_000_000;
  const day = 86_400_000_000;
  const micros = (((dayMicros(clock) + (sign === '+' ? -shift : shift)) % day) + day) % day;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const fraction = micros % 1_000_000 === 0 ? '' : `.${String(micros % 1_000_000).padStart(6, '0')}`;
  const clockOf = [micros / 3_600_000_000, (micros / 60_000_000) % 60, (micros / 1_000_000) % 60].map(two);
  return `${clockOf.join(':')}${fraction}Z`;
}

/** About as many microseconds as `1 year 2 mons 3 days 04:05:06.7` takes, a month having 365.25 / 12 days. */
export function durationMicros(text: string): bigint {
  let micros = 0n;
  const unitMicros: Readonly<Record<string, bigint>> = {
    year: 31_557_600_000_000n,
    mon: 2_629_800_000_000n,
    day: 86_400_000_000n,
  };
  for (const [, count = '0', unit = ''] of text.matchAll(/(-?\d+) (year|mon|day)s?/g)) {
    micros += BigInt(count) * (unitMicros[unit] ?? 0n);
  }
  const clock = /(-?)(\d+:\d+:[\d.]+)$/.exec(text);
  if (clock !== null) micros += BigInt(dayMicros(clock[2] ?? '')) * (clock[1] === '-' ? -1n : 1n);
  return micros;
}
