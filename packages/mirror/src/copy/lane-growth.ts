/**
 * Over how many connections a broker is read. One, unless it is far and there is more to fetch than is under way: then
 * a few at once, and twice as many as long as that brings clearly more. What binds may be the link, this process or
 * the target; only the first gets better with connections, so what is measured decides.
 */

const firstStep = 4;
export const lanesMax = 32;
/** Twice as many must bring so much more to stay. */
const gainMin = 1.2;
/** In round trips: how long new connections take to get into their stride, and until when they are judged. */
const settleTrips = 10;
const judgeTrips = 20;
const judgeMsMin = 500;
/** So many answers of each connection are needed to judge. */
const answersMin = 2;
/** How long nothing more is tried after it brought nothing. */
const holdMs = 30_000;
/** So long there is one after a failure: brokers may bound connections. */
const aloneMs = 5000;
/** So long without more to fetch, and one connection is enough. */
const calmMs = 10_000;

interface Period {
  readonly measuredFrom: number;
  readonly until: number;
  bytes: number;
  answers: number;
}

export class LaneGrowth {
  #count = 1;
  #period: Period | undefined;
  /** What it was before the last step, which is not judged yet. */
  #before: { readonly count: number; readonly rate: number } | undefined;
  #holdUntil = Number.NEGATIVE_INFINITY;
  #aloneUntil = Number.NEGATIVE_INFINITY;
  #wantedAt = Number.NEGATIVE_INFINITY;

  get count(): number {
    return this.#count;
  }

  /** An answer with `bytes` of records came. `now`: monotonic ms. */
  answered(bytes: number, now: number): void {
    const period = this.#period;
    if (period === undefined || now < period.measuredFrom) return;
    period.bytes += bytes;
    period.answers += 1;
  }

  /** All connections are in use, and more could be asked for, of a broker that is `farMs` away; 0: near. */
  wanted(farMs: number, now: number): void {
    if (farMs === 0 || now < this.#aloneUntil) return this.#set(1);
    this.#wantedAt = now;
    if (this.#count === 1) this.#set(firstStep);
    this.#period ??= {
      measuredFrom: now + settleTrips * farMs,
      until: now + Math.max(judgeMsMin, judgeTrips * farMs),
      bytes: 0,
      answers: 0,
    };
    const { measuredFrom, until, bytes, answers } = this.#period;
    if (now >= until && answers >= answersMin * this.#count) this.#judge(bytes / (now - measuredFrom), now);
  }

  /** A connection broke, or could not be opened. */
  failed(now: number): void {
    this.#aloneUntil = now + aloneMs;
    this.#set(1);
  }

  /** A connection has nothing to fetch but what is yet to be written, or may not fetch more. */
  enough(now: number): void {
    this.#period = undefined;
    if (now - this.#wantedAt > calmMs) this.#set(1);
  }

  #judge(rate: number, now: number): void {
    const before = this.#before;
    this.#before = undefined;
    this.#period = undefined;
    if (before !== undefined && rate < before.rate * gainMin) {
      this.#set(before.count);
      this.#holdUntil = now + holdMs;
    } else if (now >= this.#holdUntil && this.#count < lanesMax) {
      const count = this.#count;
      this.#set(count * 2);
      this.#before = { count, rate };
    }
  }

  #set(count: number): void {
    if (count === this.#count) return;
    this.#count = count;
    this.#period = undefined;
    this.#before = undefined;
  }
}
