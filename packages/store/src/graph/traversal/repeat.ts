/** `repeat`, round after round over all items at once, with the order of TinkerPop's RepeatStep. */
import { filterByTraversal, type Scope, takeSteps } from './evaluate.ts';
import { asOrigins, type Frontier, joined, pick } from './frontier.ts';
import type { Run } from './run.ts';
import type { RepeatStep, Step } from './step.ts';

export async function repeat(run: Run, step: RepeatStep, from: Frontier, scope: Scope): Promise<Frontier> {
  const { body, emit, untilFirst, emitFirst, times, until } = step;
  const ends = times !== undefined || until !== undefined;
  let out = pick(from, []);
  let open = from;
  for (let round = 0; open.items.length > 0; round++) {
    if (round === run.loopsMax) {
      run.shortages.add('loops');
      break;
    }
    if (ends && untilFirst) {
      const { yes, no } = await ended(run, step, open, round);
      out = joined(out, yes);
      open = no;
    }
    if (emit !== undefined && emitFirst) out = joined(out, await passing(run, emit, open));
    open = await takeSteps(run, body, open, scope);
    if (ends && !untilFirst) {
      const { yes, no } = await ended(run, step, open, round + 1);
      out = joined(out, yes);
      open = no;
    }
    if (emit !== undefined && !emitFirst) out = joined(out, await passing(run, emit, open));
    if (out.items.length > run.fanOutMax) {
      run.shortages.add('fan-out');
      break;
    }
  }
  return out;
}

/** Those that have come to the end of the repetition, and the others. */
async function ended(
  run: Run,
  { times, until }: RepeatStep,
  open: Frontier,
  rounds: number,
): Promise<{ yes: Frontier; no: Frontier }> {
  const none = pick(open, []);
  if (times !== undefined) return rounds >= times ? { yes: open, no: none } : { yes: none, no: open };
  const { origins } = await takeSteps(run, until ?? [], asOrigins(open), new Map());
  const found = new Set(origins?.of);
  const indexes = open.items.map((_, index) => index);
  return {
    yes: pick(
      open,
      indexes.filter((index) => found.has(index)),
    ),
    no: pick(
      open,
      indexes.filter((index) => !found.has(index)),
    ),
  };
}

async function passing(run: Run, condition: readonly Step[], open: Frontier): Promise<Frontier> {
  return condition.length === 0 ? open : filterByTraversal(run, condition, open, true);
}
