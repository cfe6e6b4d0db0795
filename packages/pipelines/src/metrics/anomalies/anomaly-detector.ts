/**
 * Scores the points of any one series as they come, each from what came before it alone. One setting for all series.
 *
 * Two things are measured of each point: how far it is from the median of what is remembered, and how far from the
 * point before. Each is compared with the largest that were remembered of it: what has been seen before, at its regular
 * hour or not, is nothing new, and no season has to be known. A point that goes 15 % further than all that is
 * remembered has the score 0.5, and is an anomaly from there on. Until there are 300 points all scores are 0.
 *
 * What was anomalous is remembered as all else is: a level that stays becomes the usual one.
 */

/** From this score on a point is an anomaly. */
export const anomalyScore = 0.5;

/** How many points are remembered, and how many are needed before the first score. */
const rememberedMax = 4_096;
const learnedMin = 300;
/** How much further than what is remembered an anomaly goes. */
const margin = 1.15;
/** How steeply the score rises around that. */
const steepness = 8;
/** Of distances to the median the third largest is what others are compared with: two anomalies may be forgotten. */
const levelRank = 3;
const stepRank = 1;
/** The median moves slowly; it is found anew every so many points. */
const medianEvery = 20;
/** Points after an alarm that belong to it. */
const episodePoints = 100;

export interface ScoredPoint {
  /** From 0, nothing new, to 1. */
  readonly score: number;
  /** The first point of an anomaly: those that follow within 100 points raise no alarm of their own. */
  readonly alarm: boolean;
}

const usual: ScoredPoint = { score: 0, alarm: false };

export class AnomalyDetector {
  readonly #values = new Ring();
  readonly #levels = new Largest(levelRank);
  readonly #steps = new Largest(stepRank);
  #seen = 0;
  #median = Number.NaN;
  #before = Number.NaN;
  #quietUntil = 0;

  /** Points that are no numbers are passed over: their score is 0. */
  add(value: number): ScoredPoint {
    if (!Number.isFinite(value)) return usual;
    const level = this.#seen === 0 ? 0 : Math.abs(value - this.#median);
    const step = this.#seen === 0 ? 0 : Math.abs(value - this.#before);
    const ratio = Math.max(ratioOf(level, this.#levels.least), ratioOf(step, this.#steps.least)) / margin;
    this.#levels.add(level);
    this.#steps.add(step);
    this.#values.add(value);
    this.#before = value;
    if (this.#seen++ % medianEvery === 0) this.#median = this.#values.median();
    if (this.#seen <= learnedMin) return usual;
    const risen = ratio ** steepness;
    const score = Number.isFinite(risen) ? risen / (1 + risen) : 1;
    const alarm = score >= anomalyScore && this.#seen >= this.#quietUntil;
    if (alarm) this.#quietUntil = this.#seen + episodePoints;
    return { score, alarm };
  }
}

/** Of what never was before anything is more. */
function ratioOf(measured: number, remembered: number): number {
  if (remembered > 0) return measured / remembered;
  return measured > 0 ? Number.POSITIVE_INFINITY : 0;
}

/** The newest values. */
class Ring {
  readonly #values = new Float64Array(rememberedMax);
  #count = 0;

  /** Answers what it takes the place of. */
  add(value: number): number | undefined {
    const at = this.#count++ % rememberedMax;
    const old = this.#count > rememberedMax ? this.#values[at] : undefined;
    this.#values[at] = value;
    return old;
  }

  get values(): Float64Array {
    return this.#values.subarray(0, Math.min(this.#count, rememberedMax));
  }

  median(): number {
    const sorted = this.values.slice().sort();
    return sorted[sorted.length >>> 1] ?? Number.NaN;
  }
}

/** The few largest of the newest values. */
class Largest {
  readonly #ring = new Ring();
  readonly #rank: number;
  /** Ascending. */
  #largest: number[] = [];

  constructor(rank: number) {
    this.#rank = rank;
  }

  /** The smallest of them; 0 while there are too few. */
  get least(): number {
    return this.#largest.length < this.#rank ? 0 : (this.#largest[0] as number);
  }

  add(value: number): void {
    const old = this.#ring.add(value);
    if (old !== undefined && old >= this.least) {
      this.#largest = Array.from(this.#ring.values.slice().sort().subarray(-this.#rank));
      return;
    }
    if (this.#largest.length < this.#rank) this.#largest.push(value);
    else if (value > this.least) this.#largest[0] = value;
    else return;
    this.#largest.sort((a, b) => a - b);
  }
}
