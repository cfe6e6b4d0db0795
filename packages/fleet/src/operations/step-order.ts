/** In which order the steps of a plan may be done. Pure. */
import { assert } from '@millrace/base';
import type { PlannedStep } from './plan-kind.ts';

/** The steps with what each has to come after, which is the one before it where nothing is said. */
export function ordered(steps: readonly PlannedStep[]): (PlannedStep & { readonly after: readonly string[] })[] {
  const earlier = new Set<string>();
  return steps.map((step, index) => {
    const { id, after = index === 0 ? [] : [(steps[index - 1] as PlannedStep).id] } = step;
    assert(!earlier.has(id), `the step ${id} is planned twice`);
    for (const other of after)
      assert(earlier.has(other), `the step ${id} comes after ${other}, which is not before it`);
    earlier.add(id);
    return { ...step, after };
  });
}

/** Where each step of an operation is at. */
export class StepOrder {
  readonly #waitsFor = new Map<string, Set<string>>();
  readonly #followers = new Map<string, string[]>();
  /** Those that may begin, in the plan's order. */
  readonly #ready: string[] = [];
  #undone: number;

  constructor(steps: readonly { readonly id: string; readonly after: readonly string[]; readonly isDone: boolean }[]) {
    const done = new Set(steps.filter(({ isDone }) => isDone).map(({ id }) => id));
    this.#undone = steps.length - done.size;
    for (const { id, after, isDone } of steps) {
      if (isDone) continue;
      const waitsFor = after.filter((other) => !done.has(other));
      for (const other of waitsFor) this.#followers.set(other, [...(this.#followers.get(other) ?? []), id]);
      if (waitsFor.length === 0) this.#ready.push(id);
      else this.#waitsFor.set(id, new Set(waitsFor));
    }
  }

  get isDone(): boolean {
    return this.#undone === 0;
  }

  /** Takes a step that may begin. */
  next(): string | undefined {
    return this.#ready.shift();
  }

  done(id: string): void {
    this.#undone--;
    for (const follower of this.#followers.get(id) ?? []) {
      const waitsFor = this.#waitsFor.get(follower);
      waitsFor?.delete(id);
      if (waitsFor?.size === 0) this.#ready.push(follower);
    }
  }
}
