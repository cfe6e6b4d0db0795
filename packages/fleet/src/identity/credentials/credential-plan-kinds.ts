/** The kinds of plans by which credentials are issued, rotated and revoked. */
import { type Principal, ProblemError } from '@millrace/api';
import type { Application } from '@millrace/api/declared';
import { type Static, Type } from 'typebox';
import { requireOn } from '../../access/may-on.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Json, Plan, PlanKind, PlannedStep, StepContext } from '../../operations/plan-kind.ts';
import { principalsOf } from '../principals.ts';
import { keyOfRequest } from '../secrets/certificates.ts';
import { applicationReceiver, Receiver } from '../secrets/sealed-for.ts';
import {
  planCertificate,
  planFirstPassword,
  planRetirement,
  planRevocation,
  planRotation,
} from './credential-plans.ts';
import type { CredentialStep } from './credential-step.ts';
import type { IdentityState } from './identity-state.ts';
import { runCredentialStep, type StepSurroundings } from './run-credential-step.ts';

const application = Type.String({ minLength: 1, maxLength: 100 });
const receiver = Type.Optional(Receiver);

export const IssueInput = Type.Object(
  {
    application,
    kind: Type.Union([Type.Literal('scram'), Type.Literal('certificate')]),
    receiver,
    request: Type.Optional(Type.String({ maxLength: 20_000 })),
    days: Type.Optional(Type.Integer({ minimum: 1, maximum: 825 })),
  },
  { additionalProperties: false },
);
export type IssueInput = Static<typeof IssueInput>;

export const RotateInput = Type.Object(
  { application, receiver, graceSeconds: Type.Optional(Type.Number({ minimum: 0 })) },
  { additionalProperties: false },
);
export type RotateInput = Static<typeof RotateInput>;

export const RetireInput = Type.Object(
  { application, stays: Type.String({ description: 'The credential that it uses' }) },
  { additionalProperties: false },
);
export type RetireInput = Static<typeof RetireInput>;

export const RevokeInput = Type.Object(
  { application, principals: Type.Optional(Type.Array(Type.String(), { minItems: 1 })) },
  { additionalProperties: false },
);
export type RevokeInput = Static<typeof RevokeInput>;

export interface PlanSurroundings extends StepSurroundings {
  readonly inventory: Pick<Inventory, 'clusters' | 'cluster'>;
}

const daysDefault = 90;
const nameShape = /^[A-Za-z0-9][\w.-]*$/;

export function credentialPlanKinds(around: PlanSurroundings): PlanKind[] {
  const run = (step: PlannedStep, context: StepContext): Promise<Json | undefined> =>
    runCredentialStep(around, step.input as unknown as CredentialStep, context);
  const kind = <Input extends PlanKind['input']>(
    name: string,
    input: Input,
    plan: (input: Static<Input>, state: IdentityState) => Promise<Plan> | Plan,
  ): PlanKind => {
    const planFor = async (given: Static<Input>): Promise<Plan> => {
      const state = await stateOf(around, (given as { readonly application: string }).application);
      return withNotes(around, await plan(given, state));
    };
    const permit = async (given: unknown, principal: Principal): Promise<void> => {
      const of = (given as { readonly application: string }).application;
      const known = (await around.record.read()).get('application', of);
      requireOn(principal, 'change', { team: known?.spec.team }, `application ${of}`);
    };
    return { name, input, permission: 'change', permit, plan: planFor as PlanKind['plan'], run };
  };
  return [
    kind('credential_issue', IssueInput, async (input, state) => {
      if (input.kind === 'scram') return planFirstPassword(state, receiverFor(state.application, input.receiver));
      const { request, days = daysDefault } = input;
      if (request === undefined)
        return planCertificate(state, { days, receiver: receiverFor(state.application, input.receiver) });
      await keyOfRequest(request);
      return planCertificate(state, { days, request });
    }),
    kind('credential_rotate', RotateInput, (input, state) =>
      planRotation(state, {
        receiver: receiverFor(state.application, input.receiver),
        graceSeconds: input.graceSeconds,
      }),
    ),
    kind('credential_retire', RetireInput, (input, state) => planRetirement(state, input.stays)),
    kind('credential_revoke', RevokeInput, (input, state) =>
      planRevocation(state, input.principals, clustersThatKnow(around.inventory, state, input.principals)),
    ),
  ];
}

/** To whom a secret is sealed: to the application where that has a key, else to whoever asks. */
export function receiverFor({ name, publicKey }: Application, asking: Receiver | undefined): Receiver {
  if (publicKey !== undefined) return applicationReceiver(name, publicKey);
  if (asking !== undefined) return asking;
  throw new ProblemError(
    'invalid_request',
    `nobody could be told the secret: declare a public key of application ${name}, or ask at its credentials`,
  );
}

async function stateOf({ record, store, platform }: PlanSurroundings, name: string): Promise<IdentityState> {
  const known = (await record.read()).get('application', name);
  if (known === undefined) throw unknownApplication(name);
  if (!nameShape.test(name)) {
    throw new ProblemError(
      'conflict',
      `no user can have the name of application ${name}: use letters, digits, ., - and _`,
    );
  }
  return { application: known.spec, credentials: await store.list(name), now: new Date(platform.clock.now()) };
}

export function unknownApplication(name: string): ProblemError {
  return new ProblemError('not_found', `there is no application ${JSON.stringify(name)}; declare it first`);
}

/** Clusters on which one of the principals was seen to have rights. */
function clustersThatKnow(
  inventory: Pick<Inventory, 'clusters'>,
  { application: spec, credentials }: IdentityState,
  asked: readonly string[] | undefined,
): string[] {
  const own = asked ?? [...principalsOf(spec), ...credentials.map(({ principal }) => principal)];
  const principals = new Set(own);
  return inventory
    .clusters()
    .filter(({ acls = [] }) => acls.some(({ principal }) => principals.has(principal)))
    .map(({ name }) => name);
}

/** What people should know of the clusters that the plan is about. */
function withNotes({ inventory }: PlanSurroundings, plan: Plan): Plan {
  const names = new Set(
    plan.steps.flatMap(({ input }) => {
      const { cluster, clusters = [] } = input as { readonly cluster?: string; readonly clusters?: readonly string[] };
      return cluster === undefined ? clusters : [cluster];
    }),
  );
  const notes = [...names].flatMap((name) => {
    const seen = inventory.cluster(name);
    if (seen === undefined || seen.observedAt === null) return [`${name} was not reached yet; its steps wait for it`];
    if (seen.stale) return [`${name} can't be reached now (${seen.problem ?? 'no answer'}); its steps wait for it`];
    if (seen.acls === undefined) return [`${name} tells no ACLs: without an authorizer nothing is denied there`];
    return [];
  });
  return { ...plan, notes: [...(plan.notes ?? []), ...notes] };
}
