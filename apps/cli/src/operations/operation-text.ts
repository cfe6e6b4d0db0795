/** Plans and operations as people read them. */
import type { OperationDetail, OperationEvent, OperationStep, OperationView, PlanView } from '@millrace/api/fleet';
import { printable } from '../framework/printable.ts';
import { counted } from '../framework/table.ts';

/** What would be done: a line a step, what is destructive marked. */
export function planLines({ id, title, steps, notes }: PlanView): string[] {
  const marked = steps.some(({ destructive }) => destructive);
  return [
    printable(`Plan ${id}: ${title}`),
    ...steps.map((step) => printable(`  ${marked ? (step.destructive ? '! ' : '  ') : ''}${step.title}`)),
    ...(steps.length === 0 ? ['  nothing is to be done'] : []),
    ...notes.map((note) => printable(`  note: ${note}`)),
    ...(marked ? ['Steps with ! destroy something for good.'] : []),
  ];
}

/** What became of it, in one line. */
export function outcomeLine({ id, title, state, progress, failure }: OperationView): string {
  const done = `${progress.done} of ${counted(progress.total, 'step')}`;
  if (state === 'done') return printable(`${title}: done, ${counted(progress.total, 'step')}.`);
  if (state === 'failed') {
    return printable(
      `${title}: failed after ${done}: ${failure?.message}. Go on with: millrace operation resume ${id}`,
    );
  }
  if (state === 'cancelled') return printable(`${title}: cancelled after ${done}.`);
  return printable(`${title}: ${state}, ${done}.`);
}

export function eventLine({ at, text }: OperationEvent): string {
  return printable(`${at.slice(11, 19)}  ${text}`);
}

export function detailLines(operation: OperationDetail): string[] {
  const { id, kind, plan, principal, why, createdAt, startedAt, endedAt, steps } = operation;
  const times = [
    `applied ${createdAt}`,
    ...(startedAt === null ? [] : [`begun ${startedAt}`]),
    ...(endedAt === null ? [] : [`ended ${endedAt}`]),
  ];
  return [
    `Operation ${id} (${kind}, plan ${plan})`,
    outcomeLine(operation),
    printable(`By ${principal}${why === '' ? '' : `: ${why}`}`),
    `${times.join(', ')}`,
    '',
    ...steps.map(stepLine),
  ];
}

const marks = { waiting: ' ', running: '>', failed: 'x', done: '+' } as const;

function stepLine({ state, title, progress, failure, attempts }: OperationStep): string {
  const part =
    state === 'running' && progress !== null ? ` (${progress.done} of ${progress.total} ${progress.note})` : '';
  const trouble = failure === null ? '' : `: ${failure.message}${attempts > 1 ? `, after ${attempts} tries` : ''}`;
  return printable(`  [${marks[state]}] ${title}${part.trimEnd()}${trouble}`);
}
