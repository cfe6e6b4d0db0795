/**
 * Features of a stream whose events come out of order: each event is counted as it arrives, and its values are told
 * once nothing can come any more that stands before it, which is when one has come that is
 * more than `latenessMs` younger.
 *
 * A reader that died goes on from `resume`: all that was not told comes again, and perhaps what was, with the same
 * values. For that, histories reach back by twice the lateness: what comes again after the place to resume is at most
 * so much older than the youngest event of all.
 */
import { compareEvents, type FeatureValues, type RiskEvent } from './feature.ts';
import type { FeatureState } from './feature-state.ts';

export interface Arrival {
  readonly event: RiskEvent;
  /** Its place in what is read, larger for each: an offset. */
  readonly position: number;
}

/** Where a reader goes on; it keeps both together, after it has kept what it was told. */
export interface ResumePoint {
  readonly position: number;
  /** The time of the youngest event before that place. */
  readonly newestTime: number;
}

export interface Told {
  readonly event: RiskEvent;
  readonly values: FeatureValues;
}

export interface Progress {
  /** In the order of events. */
  readonly told: readonly Told[];
  /** What came too late, and is in no window. */
  readonly late: readonly RiskEvent[];
}

interface Pending extends Arrival {
  readonly newestBefore: number;
}

export class FeatureStream {
  readonly #state: FeatureState;
  readonly #latenessMs: number;
  #newestTime: number;
  #next: number;
  /** In the order of positions. */
  #pending: Pending[] = [];

  constructor(state: FeatureState, latenessMs: number, resume?: ResumePoint | undefined) {
    this.#state = state;
    this.#latenessMs = latenessMs;
    this.#newestTime = resume?.newestTime ?? Number.NEGATIVE_INFINITY;
    this.#next = resume?.position ?? 0;
  }

  get resume(): ResumePoint {
    const [oldest] = this.#pending;
    if (oldest === undefined) return { position: this.#next, newestTime: this.#newestTime };
    return { position: oldest.position, newestTime: oldest.newestBefore };
  }

  /** Resolves when the arrivals are written. After a rejection the stream is made anew from where it was to resume. */
  add(arrivals: readonly Arrival[]): Promise<Progress> {
    const late: RiskEvent[] = [];
    const taken: RiskEvent[] = [];
    for (const { event, position } of arrivals) {
      const newestBefore = this.#newestTime;
      this.#next = position + 1;
      if (event.time < newestBefore - this.#latenessMs) {
        late.push(event);
        continue;
      }
      this.#newestTime = Math.max(newestBefore, event.time);
      this.#pending.push({ event, position, newestBefore });
      taken.push(event);
    }
    return this.#tell(taken, late, this.#newestTime - this.#latenessMs);
  }

  /** Tells what is left, where nothing comes any more. */
  end(): Promise<Progress> {
    return this.#tell([], [], Number.POSITIVE_INFINITY);
  }

  async #tell(arrivals: readonly RiskEvent[], late: readonly RiskEvent[], complete: number): Promise<Progress> {
    const wanted = this.#pending.map(({ event }) => event).filter(({ time }) => time < complete);
    wanted.sort(compareEvents);
    this.#pending = this.#pending.filter(({ event }) => event.time >= complete);
    const oldestWanted = this.#newestTime - 2 * this.#latenessMs;
    const values = await this.#state.update({ arrivals, wanted, oldestWanted });
    return { late, told: wanted.map((event, at) => ({ event, values: values[at] as FeatureValues })) };
  }
}
