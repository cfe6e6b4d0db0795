/**
 * What is known of one entity: the events in its windows, in order, each once. Values are computed from the events
 * themselves and not from sums that are added to, so that they are exact as of any event, whatever came before or after
 * it, and that a repeated event changes nothing.
 */
import { compareEvents, type RiskEvent } from './feature.ts';

export class History {
  readonly events: RiskEvent[];
  #changed = false;

  constructor(events: RiskEvent[] = []) {
    this.events = events;
  }

  /** From what `encode` made. */
  static decode(text: string): History {
    const rows = JSON.parse(text) as [string, string, number, RiskEvent['fields']][];
    return new History(rows.map(([id, kind, time, fields]) => ({ id, kind, time, fields })));
  }

  encode(): string {
    return JSON.stringify(this.events.map(({ id, kind, time, fields }) => [id, kind, time, fields]));
  }

  get changed(): boolean {
    return this.#changed;
  }

  /** Puts an event in its place, unless it is there. */
  add(event: RiskEvent): void {
    const at = this.placeAfter(event);
    const before = this.events[at - 1];
    if (before !== undefined && compareEvents(before, event) === 0) return;
    this.events.splice(at, 0, event);
    this.#changed = true;
  }

  /** Forgets what was before a time. */
  forget(before: number): void {
    let count = 0;
    while ((this.events[count]?.time ?? before) < before) count++;
    if (count > 0) this.events.splice(0, count);
  }

  /** How many events are up to and with this one. */
  placeAfter(event: RiskEvent): number {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareEvents(this.events[middle] as RiskEvent, event) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
