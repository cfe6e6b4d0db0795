/** Plans and operations in their tables, as the newest migration leaves them. */
import type { OperationState, StepState } from '@millrace/api/fleet';
import type { Generated } from 'kysely';
import type { JsonColumn, JsonColumnOrNull } from '../database/json.ts';
import type { Json, PlannedStep } from './plan-kind.ts';

export interface PlanTable {
  id: string;
  kind: string;
  title: string;
  input: JsonColumn<Json>;
  revision: string;
  destructive: boolean;
  steps: JsonColumn<readonly PlannedStep[]>;
  notes: JsonColumn<readonly string[]>;
  principal: string;
  idempotency_key: string | null;
  created_at: Generated<Date>;
}

/** Why a step, or an operation, failed. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

export interface OperationTable {
  id: string;
  plan: string;
  kind: string;
  title: string;
  state: OperationState;
  destructive: boolean;
  principal: string;
  why: string;
  idempotency_key: string | null;
  created_at: Generated<Date>;
  started_at: Date | null;
  ended_at: Date | null;
  steps_total: number;
  steps_done: Generated<number>;
  failure: JsonColumnOrNull<Failure & { readonly step: string | null }>;
}

export interface StepProgress {
  readonly done: number;
  readonly total: number;
  readonly note: string;
}

export interface OperationStepTable {
  operation: string;
  position: number;
  id: string;
  step: JsonColumn<PlannedStep>;
  state: Generated<StepState>;
  attempts: Generated<number>;
  started_at: Date | null;
  ended_at: Date | null;
  progress: JsonColumnOrNull<StepProgress>;
  kept: JsonColumnOrNull<Json>;
  result: JsonColumnOrNull<Json>;
  failure: JsonColumnOrNull<Failure>;
}

export interface OperationEventTable {
  operation: string;
  seq: Generated<number>;
  at: Generated<Date>;
  what: string;
  step: string | null;
  text: string;
}
