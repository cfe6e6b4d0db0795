/**
 * Plans and operations. A plan says what would be done, step by step; applying it makes an operation, which goes on
 * whatever becomes of the process that does it, and can be watched, cancelled and resumed.
 */
import { type Static, type TSchema, Type } from 'typebox';
import { defineContract } from '../contract.ts';
import { fleetBytesMax } from './declared.ts';
import { pageOf, pageQuery } from './page.ts';

const Time = Type.String({ description: 'ISO 8601' });
const TimeOrNull = Type.Union([Type.String(), Type.Null()]);
const Count = Type.Integer({ minimum: 0 });
const Why = Type.String({ maxLength: 2_000, description: 'Why, for the audit log' });
const Id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });

/** Steps that a plan or an operation shows with itself; the others are on pages. */
export const stepsShownMax = 1_000;
/** Events that an operation shows at a time. */
export const eventsShownMax = 1_000;

const stepsFields = <S extends TSchema>(step: S) => ({
  steps: Type.Array(step, { description: 'In their order; the first 1,000 at most' }),
  stepsNext: Type.Union([Type.String(), Type.Null()], {
    description: 'The `cursor` with which `GET .../steps` goes on; null: these are all',
  }),
});

export const PlanStep = Type.Object({
  id: Type.String({ description: 'Unique in its plan, and the same whenever the same is planned' }),
  title: Type.String(),
  destructive: Type.Boolean({ description: 'Something is lost that nobody can bring back' }),
  after: Type.Array(Type.String(), { description: 'Ids of the steps that have to be done before' }),
  before: Type.Optional(Type.Unknown({ description: 'What is there' })),
  to: Type.Optional(Type.Unknown({ description: 'What will be' })),
});
export type PlanStep = Static<typeof PlanStep>;

export const PlanView = Type.Object(
  {
    id: Type.String(),
    kind: Type.String(),
    title: Type.String(),
    input: Type.Unknown(),
    revision: Type.String({ description: 'Digest of the steps: the same observation gives the same' }),
    destructive: Type.Boolean({ description: 'One of its steps is' }),
    ...stepsFields(PlanStep),
    notes: Type.Array(Type.String(), { description: 'What people should know and no step does' }),
    principal: Type.String({ description: 'Who asked for it: `user:ann`' }),
    createdAt: Time,
    operation: Type.Union([Type.String(), Type.Null()], { description: 'What it became when it was applied' }),
  },
  { description: 'What would be done; nothing was touched' },
);
export type PlanView = Static<typeof PlanView>;

export const OperationState = Type.Union([
  Type.Literal('queued'),
  Type.Literal('running'),
  Type.Literal('cancelling'),
  Type.Literal('cancelled'),
  Type.Literal('failed'),
  Type.Literal('done'),
]);
export type OperationState = Static<typeof OperationState>;

const OperationFailure = Type.Object({
  code: Type.String(),
  message: Type.String(),
  step: Type.Union([Type.String(), Type.Null()], { description: 'The step that failed' }),
});

const operationFields = {
  id: Type.String(),
  kind: Type.String(),
  title: Type.String(),
  state: OperationState,
  plan: Type.String(),
  destructive: Type.Boolean(),
  principal: Type.String({ description: 'Who applied the plan' }),
  why: Type.String(),
  createdAt: Time,
  startedAt: TimeOrNull,
  endedAt: TimeOrNull,
  progress: Type.Object({ done: Count, total: Count }, { description: 'Steps' }),
  failure: Type.Union([OperationFailure, Type.Null()]),
};

export const OperationView = Type.Object(operationFields, { description: 'A plan that was applied' });
export type OperationView = Static<typeof OperationView>;

export const StepState = Type.Union([
  Type.Literal('waiting'),
  Type.Literal('running'),
  Type.Literal('failed'),
  Type.Literal('done'),
]);
export type StepState = Static<typeof StepState>;

export const OperationStep = Type.Object({
  ...PlanStep.properties,
  state: StepState,
  attempts: Type.Integer({ minimum: 0, description: 'How often it was begun' }),
  startedAt: TimeOrNull,
  endedAt: TimeOrNull,
  progress: Type.Union([Type.Object({ done: Type.Number(), total: Type.Number(), note: Type.String() }), Type.Null()]),
  result: Type.Optional(Type.Unknown()),
  failure: Type.Union([Type.Object({ code: Type.String(), message: Type.String() }), Type.Null()], {
    description: 'Why it failed the last time',
  }),
});
export type OperationStep = Static<typeof OperationStep>;

export const OperationEvent = Type.Object({
  seq: Type.Integer({ description: 'Ascending in its operation' }),
  at: Time,
  what: Type.String({ description: '`applied`, `begun`, `step_done`, `step_failed`, `cancelled`, and so on' }),
  step: Type.Union([Type.String(), Type.Null()]),
  text: Type.String({ description: 'For people' }),
});
export type OperationEvent = Static<typeof OperationEvent>;

export const OperationDetail = Type.Object({
  ...operationFields,
  ...stepsFields(OperationStep),
  events: Type.Array(OperationEvent, {
    description: 'Oldest first: the newest 1,000, or the first 1,000 after `eventsAfter`',
  }),
});
export type OperationDetail = Static<typeof OperationDetail>;

export const makePlanContract = defineContract({
  method: 'POST',
  path: '/api/v1/plans',
  summary: 'Work out what would have to be done',
  description: 'Changes nothing. The same `Idempotency-Key` answers the plan that it was first sent for.',
  permission: 'view',
  body: Type.Object({
    kind: Type.String({ description: 'What is to be planned' }),
    input: Type.Unknown({ description: 'As this kind of plan has it' }),
  }),
  // The whole fleet may be the input.
  bodyBytesMax: fleetBytesMax,
  response: PlanView,
  status: 201,
  problems: ['invalid_request', 'forbidden', 'conflict', 'not_found'],
});

export const getPlanContract = defineContract({
  method: 'GET',
  path: '/api/v1/plans/{id}',
  summary: 'A plan',
  params: Id,
  response: PlanView,
  problems: ['not_found'],
});

export const listPlanStepsContract = defineContract({
  method: 'GET',
  path: '/api/v1/plans/{id}/steps',
  summary: 'The steps of a plan',
  params: Id,
  query: Type.Object(pageQuery),
  response: pageOf(PlanStep),
  problems: ['not_found'],
});

export const applyPlanContract = defineContract({
  method: 'POST',
  path: '/api/v1/plans/{id}/apply',
  summary: 'Do what a plan says',
  description:
    'Plans again, and refuses with `stale_plan` when the steps would be others now. A plan is applied once: applying ' +
    'it again answers the same operation, and so does the same `Idempotency-Key`.',
  permission: 'view',
  params: Id,
  body: Type.Object({
    why: Type.Optional(Why),
    confirm: Type.Optional(Type.Boolean({ description: 'That what is destructive may be done' })),
  }),
  response: OperationView,
  status: 202,
  problems: ['not_found', 'forbidden', 'stale_plan', 'confirmation_required', 'conflict'],
});

export const listOperationsContract = defineContract({
  method: 'GET',
  path: '/api/v1/operations',
  summary: 'Operations, newest first',
  query: Type.Object({
    state: Type.Optional(
      Type.String({ description: 'Only in these states, separated by commas; `open`: all that have not ended' }),
    ),
    kind: Type.Optional(Type.String({ description: 'Only of this kind' })),
    principal: Type.Optional(Type.String({ description: 'Only what they applied: `user:ann`' })),
    ...pageQuery,
  }),
  response: pageOf(OperationView),
});

export const getOperationContract = defineContract({
  method: 'GET',
  path: '/api/v1/operations/{id}',
  summary: 'An operation with its steps and events',
  params: Id,
  query: Type.Object({
    steps: Type.Optional(
      Type.Integer({ minimum: 0, maximum: stepsShownMax, description: 'How many steps at most; default 1,000' }),
    ),
    eventsAfter: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Only events after the one of this `seq`',
      }),
    ),
  }),
  response: OperationDetail,
  problems: ['not_found'],
});

export const listOperationStepsContract = defineContract({
  method: 'GET',
  path: '/api/v1/operations/{id}/steps',
  summary: 'The steps of an operation',
  params: Id,
  query: Type.Object({
    state: Type.Optional(Type.String({ description: 'Only in these states, separated by commas' })),
    ...pageQuery,
  }),
  response: pageOf(OperationStep),
  problems: ['not_found'],
});

export const cancelOperationContract = defineContract({
  method: 'POST',
  path: '/api/v1/operations/{id}/cancel',
  summary: 'Stop an operation after what it is doing',
  description: 'What was done stays done. It can be resumed.',
  permission: 'view',
  params: Id,
  body: Type.Object({ why: Type.Optional(Why) }),
  response: OperationView,
  status: 202,
  problems: ['not_found', 'forbidden', 'conflict'],
});

export const resumeOperationContract = defineContract({
  method: 'POST',
  path: '/api/v1/operations/{id}/resume',
  summary: 'Go on with an operation that failed or was cancelled',
  permission: 'view',
  params: Id,
  body: Type.Object({ why: Type.Optional(Why) }),
  response: OperationView,
  status: 202,
  problems: ['not_found', 'forbidden', 'conflict'],
});
