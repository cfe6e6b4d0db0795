/**
 * How often a shape comes, by the minutes of the lines' own times, and whether it comes far more often than it did.
 * Looks at nothing but the past, so it finds the same whenever the lines are read again.
 */

export interface Rate {
  /** The minute that is being counted, since 1970. */
  minute: number;
  count: number;
  /** Of the minutes before, the newest weighing most. */
  mean: number;
  variance: number;
  /** How many minutes they are, up to `settledMinutes`. */
  minutes: number;
  /** The minute that was told of last. */
  toldMinute?: number;
}

const weight = 0.1;
/** Minutes before there is a rate to surge from. */
export const settledMinutes = 10;
const quietMinutes = 10;
const gapMinutesMax = 60;
const surgeLinesMin = 50;
const surgeFactor = 4;
const surgeDeviations = 6;

export function newRate(timeMs: number): Rate {
  return { minute: minuteOf(timeMs), count: 0, mean: 0, variance: 0, minutes: 0 };
}

/**
 * Counts a line; answers whether with it the shape surges, once in ten minutes. Late lines are of the newest minute.
 */
export function surgesWith(rate: Rate, timeMs: number): boolean {
  const minute = minuteOf(timeMs);
  if (minute > rate.minute) {
    close(rate, rate.count);
    for (let gap = Math.min(gapMinutesMax, minute - rate.minute - 1); gap > 0; gap--) close(rate, 0);
    rate.minute = minute;
    rate.count = 0;
  }
  rate.count++;
  if (rate.minutes < settledMinutes || rate.count < surgeLinesMin) return false;
  const usual = rate.mean * surgeFactor + surgeDeviations * Math.sqrt(rate.variance);
  if (rate.count <= usual) return false;
  if (rate.toldMinute !== undefined && rate.minute - rate.toldMinute < quietMinutes) return false;
  rate.toldMinute = rate.minute;
  return true;
}

function close(rate: Rate, count: number): void {
  rate.minutes = Math.min(settledMinutes, rate.minutes + 1);
  const share = Math.max(weight, 1 / rate.minutes);
  const difference = count - rate.mean;
  rate.mean += share * difference;
  rate.variance = (1 - share) * (rate.variance + share * difference * difference);
}

function minuteOf(timeMs: number): number {
  return Math.floor(timeMs / 60_000);
}
