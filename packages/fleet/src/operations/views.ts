/** Rows of plans and operations as the API shows them. */
import type { OperationDetail, OperationStep, OperationView, PlanStep, PlanView } from '@millrace/api/fleet';
import type { Selectable } from 'kysely';
import type { PlannedStep } from './plan-kind.ts';
import type { OperationEventTable, OperationStepTable, OperationTable, PlanTable } from './tables.ts';

export function planView(row: Selectable<PlanTable>, operation: string | null): PlanView {
  const { id, kind, title, input, revision, destructive, steps, notes, principal, created_at } = row;
  return {
    ...{ id, kind, title, input, revision, destructive, principal, operation },
    steps: steps.map(stepView),
    notes: [...notes],
    createdAt: created_at.toISOString(),
  };
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
  steps: readonly Selectable<OperationStepTable>[],
  events: readonly Selectable<OperationEventTable>[],
): OperationDetail {
  return {
    ...operationView(row),
    steps: steps.map(operationStep),
    events: events.map(({ at, what, step, text }) => ({ at: at.toISOString(), what, step, text })),
  };
}

function operationStep(row: Selectable<OperationStepTable>): OperationStep {
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
