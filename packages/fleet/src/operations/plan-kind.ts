/**
 * The one lifecycle of everything long or dangerous: observe, plan, apply. A plan is a plain value that people see
 * before anything is touched; applying makes it an operation, which outlives its process.
 *
 * Whoever adds a kind says how a plan is made and how one step is done. A step may be begun again after its process
 * was killed anywhere in it, so it finds out what is done already and does the rest; done twice it does nothing the
 * second time.
 */
import type { Permission, Principal } from '@millrace/api';
import type { Transaction } from 'kysely';
import type { Static, TSchema } from 'typebox';
import type { Schema } from '../database/schema.ts';
import type { ChangeReason } from '../record/record.ts';

/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export interface PlannedStep {
  /** Unique in its plan, and the same whenever the same is planned: `create topic east/orders`. */
  readonly id: string;
  /** For people. */
  readonly title: string;
  /** Whether records, access or settings are lost that nobody can bring back. */
  readonly destructive: boolean;
  /** Ids of steps that have to be done before; of no other than earlier ones. Default: the one before it. */
  readonly after?: readonly string[] | undefined;
  /** What doing it takes. Never a secret. */
  readonly input: Json;
  /** What is there, and what will be. */
  readonly before?: Json | undefined;
  readonly to?: Json | undefined;
}

/** What was worked out: the same observation gives the same plan. */
export interface Plan {
  /** One line for people. */
  readonly title: string;
  readonly steps: readonly PlannedStep[];
  /** What people should know and no step does. */
  readonly notes?: readonly string[] | undefined;
}

export interface PlanContext {
  readonly principal: Principal;
  readonly signal: AbortSignal;
}

export interface StepContext {
  readonly operation: string;
  /** Who applied the plan, and why. */
  readonly reason: ChangeReason;
  /** Aborts when the operation is cancelled, its lease lost, or the process stops. */
  readonly signal: AbortSignal;
  /** Kept with the operation and told to whoever watches. */
  progress(done: number, total: number, note?: string): Promise<void>;
  /** What an earlier try of this step kept. */
  readonly kept: Json | undefined;
  /** Keeps a value for later tries of this step; resolves when it is stored. Never a secret. */
  keep(value: Json): Promise<void>;
  /**
   * Writes to the system of record in one transaction, which fails with `LeaseLostError` when another process has taken
   * over the operation. What a step writes there, it writes so.
   */
  write<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T>;
}

export interface PlanKind<Input extends TSchema = TSchema> {
  /** Its name in the API: `fleet_apply`. */
  readonly name: string;
  readonly input: Input;
  readonly permission: Permission;
  /**
   * Refuses those who have the permission and may not have this done to these objects. Asked when it is planned,
   * applied and resumed: whoever once might may have left the team. Throws `ProblemError`.
   */
  permit?(input: Static<Input>, principal: Principal): Promise<void> | void;
  /** Observes, and works out what to do. Changes nothing. */
  plan(input: Static<Input>, context: PlanContext): Promise<Plan>;
  /** Does one step; what it answers is kept with the operation. */
  run(step: PlannedStep, context: StepContext): Promise<Json | undefined>;
}
