/**
 * Retention: of the people who came for the first time in one period, how many were there in each of the next. A person
 * with several devices came first with the first of them.
 */
import type { TrackingRetention } from '@millrace/api';
import { Turns } from '../turns.ts';
import { dayMs } from '../view/step-table.ts';
import type { TrackingView } from '../view/tracking-view.ts';

export interface RetentionOptions {
  readonly site: string;
  readonly period: 'day' | 'week';
  /** How many periods, up to that of the last day anybody was there. */
  readonly periods: number;
}

/** 1970 began on a Thursday; weeks begin on Mondays. */
const mondayDay = 3;

export async function retentionOf(view: TrackingView, options: RetentionOptions): Promise<TrackingRetention> {
  const { site, period, periods } = options;
  const periodOf = (day: number): number => (period === 'day' ? day : Math.floor((day + mondayDay) / 7));
  const startOf = (number: number): string =>
    new Date((period === 'day' ? number : number * 7 - mondayDay) * dayMs).toISOString().slice(0, 10);
  /** People by the period they first came in, and then by how many later they were there. */
  const cohorts = new Map<number, number[]>();
  let last = Number.NEGATIVE_INFINITY;
  const count = (days: readonly number[]): void => {
    const there = new Set(days.map(periodOf));
    const first = Math.min(...there);
    const cohort = cohorts.get(first) ?? [];
    for (const each of there) {
      cohort[each - first] = (cohort[each - first] ?? 0) + 1;
      last = Math.max(last, each);
    }
    cohorts.set(first, cohort);
  };
  const several = new Map<string, Set<number>>();
  const turns = new Turns();
  for (const { actor, days } of view.steps.days(site)) {
    const person = view.people.personOf(actor);
    if (person === actor && actor.startsWith('device:')) count(days);
    else {
      const own = several.get(person) ?? new Set<number>();
      for (const day of days) own.add(day);
      several.set(person, own);
    }
    if (turns.isOver) await turns.next();
  }
  for (const days of several.values()) count([...days]);
  const shown = [...cohorts].filter(([first]) => first > last - periods).sort(([left], [right]) => left - right);
  return {
    site,
    period,
    cohorts: shown.map(([first, people]) => ({
      start: startOf(first),
      people: people[0] ?? 0,
      returned: Array.from({ length: last - first + 1 }, (_, later) => people[later] ?? 0),
    })),
  };
}
