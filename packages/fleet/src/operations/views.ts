/** Rows of plans and operations as the API shows them. */
import {
  type OperationDetail,
  type OperationStep,
  type OperationView,
  type PlanStep,
  type PlanView,
  stepsShownMax,
} from '@millrace/api/fleet';
import type { Selectable } from 'kysely';
import { cursorOf } from '../lists/cursor.ts';
import type { PlannedStep } from './plan-kind.ts';
import type { OperationEventTable, OperationStepTable, OperationTable, PlanTable } from './tables.ts';

export function planView(row: Selectable<PlanTable>, operation: string | null): PlanView {
  const { id, kind, title, input, revision, destructive, steps, notes, principal, created_at } = row;
  return {
    ...{ id, kind, title, input, revision, destructive, principal, operation },
    ...planSteps(steps, 0, stepsShownMax),
    notes: [...notes],
    createdAt: created_at.toISOString(),
  };
}

/** A page of a plan's steps: so many from a place on, and where the next page begins. */
export function planSteps(
  steps: readonly PlannedStep[],
  from: number,
  limit: number,
): Pick<PlanView, 'steps' | 'stepsNext'> {
  const next = from + limit;
  return { steps: steps.slice(from, next).map(stepView), stepsNext: next < steps.length ? cursorOf([next]) : null };
}

export function operationView(row: Selectable<OperationTable>): OperationView {
  const { id, kind, title, state, plan, destructive, principal, why, failure } = row;
  return {
    ...{ id, kind, title, state, plan, destructive, principal, why, failure },
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
    progress: { done: row.steps_done, total: row.steps_total },
  };
}

export function operationDetail(
  row: Selectable<OperationTable>,
  { items: steps, next: stepsNext }: { readonly items: OperationStep[]; readonly next: string | null },
  events: readonly Selectable<OperationEventTable>[],
): OperationDetail {
  return {
    ...operationView(row),
    ...{ steps, stepsNext },
    events: events.map(({ seq, at, what, step, text }) => ({ seq, at: at.toISOString(), what, step, text })),
  };
}

export function operationStep(row: Selectable<OperationStepTable>): OperationStep {
  const { step, state, attempts, started_at, ended_at, progress, result, failure } = row;
  return {
    ...stepView(step),
    ...{ state, attempts, progress, failure },
    startedAt: started_at?.toISOString() ?? null,
    endedAt: ended_at?.toISOString() ?? null,
    ...(result !== null && { result }),
  };
}

/** Inputs of steps are ours alone. */
function stepView({ id, title, destructive, after = [], before, to }: PlannedStep): PlanStep {
  return {
    ...{ id, title, destructive, after: [...after] },
    ...(before !== undefined && { before }),
    ...(to !== undefined && { to }),
  };
}
