/** Plans and operations: how everything long or dangerous is done. */
export { type Operations, type OperationsOptions, openOperations } from './open-operations.ts';
export type { RunnerLimits } from './operation-runner.ts';
export type { Json, Plan, PlanContext, PlanKind, PlannedStep, StepContext } from './plan-kind.ts';
