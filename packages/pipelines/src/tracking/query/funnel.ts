/**
 * A funnel: how many people did one thing, then another, within a time of the first. Somebody is as far as the longest
 * way that any of their first steps leads to; steps may have others between them, and lie at one time. What somebody
 * did on several devices is one story once they have logged in on them.
 */
import type { TrackingFunnel } from '@millrace/api';
import { Turns } from '../turns.ts';
import type { Step } from '../view/step-table.ts';
import type { TrackingView } from '../view/tracking-view.ts';

export interface FunnelOptions {
  readonly site: string;
  /** A path, beginning with `/`, or an event's name; at least one. */
  readonly steps: readonly string[];
  /** From the first step to the last, in ms. */
  readonly withinMs: number;
  /** When the first step was done, in ms since 1970: from, and before. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** That a person did the step of a number, at a time. */
interface Done {
  readonly at: number;
  readonly step: number;
}

export async function funnelOf(view: TrackingView, options: FunnelOptions): Promise<TrackingFunnel> {
  const { site, steps, withinMs, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = options;
  const reached = steps.map(() => 0);
  const seconds: number[][] = steps.map(() => []);
  const count = (done: readonly Done[]): void => {
    const times = longestWay(done, { steps: steps.length, withinMs, from, to });
    for (const [step, at] of times.entries()) {
      reached[step] = (reached[step] ?? 0) + 1;
      seconds[step]?.push((at - (times[0] as number)) / 1_000);
    }
  };
  // Rows come actor by actor; only of those who are several is more than one actor's kept.
  const several = new Map<string, Done[]>();
  let actor: string | undefined;
  let own: Done[] = [];
  const finish = (): void => {
    if (actor === undefined || own.length === 0) return;
    const person = view.people.personOf(actor);
    if (person === actor && actor.startsWith('device:')) count(own);
    else several.set(person, [...(several.get(person) ?? []), ...own]);
  };
  const turns = new Turns();
  for (const row of view.steps.steps(site)) {
    if (row.actor !== actor) {
      finish();
      actor = row.actor;
      own = [];
    }
    for (const [step, wanted] of steps.entries()) {
      if (row.steps.some((each) => isMeant(each, wanted))) own.push({ at: row.at, step });
    }
    if (turns.isOver) await turns.next();
  }
  finish();
  for (const done of several.values()) count(done.sort((left, right) => left.at - right.at));
  return {
    site,
    withinSeconds: withinMs / 1_000,
    steps: steps.map((step, index) => ({
      step,
      people: reached[index] ?? 0,
      ofFirst: ratio(reached[index], reached[0]),
      ofPrevious: ratio(reached[index], reached[Math.max(0, index - 1)]),
      medianSeconds: median(seconds[index] ?? []),
    })),
  };
}

/** The times of the steps of the longest way, ascending; `done` ascending by time. */
export function longestWay(
  done: readonly Done[],
  bounds: { readonly steps: number; readonly withinMs: number; readonly from: number; readonly to: number },
): readonly number[] {
  let longest: readonly number[] = [];
  for (const [begin, { at, step }] of done.entries()) {
    if (step !== 0 || at < bounds.from || at >= bounds.to) continue;
    const times = [at];
    for (let next = begin + 1; next < done.length && times.length < bounds.steps; next++) {
      const found = done[next] as Done;
      if (found.at > at + bounds.withinMs) break;
      if (found.step === times.length) times.push(found.at);
    }
    if (times.length > longest.length) longest = times;
    if (longest.length === bounds.steps) break;
  }
  return longest;
}

function isMeant(step: Step, wanted: string): boolean {
  return step.name === wanted && step.kind === (wanted.startsWith('/') ? 'page' : 'event');
}

function ratio(part: number | undefined, whole: number | undefined): number | null {
  return part === undefined || whole === undefined || whole === 0 ? null : part / whole;
}

function median(values: number[]): number | null {
  if (values.length === 0) return null;
  values.sort((left, right) => left - right);
  return values[Math.floor((values.length - 1) / 2)] ?? null;
}
