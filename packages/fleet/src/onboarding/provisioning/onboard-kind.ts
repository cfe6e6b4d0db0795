/** Carrying out requests, as a kind of plan: each step finds out what an earlier try has done, and does the rest. */
import { type Principal, ProblemError } from '@millrace/api';
import { type Application, kinds, type Topic } from '@millrace/api/declared';
import type { Platform } from '@millrace/base';
import { Type } from 'typebox';
import { requireOn } from '../../access/may-on.ts';
import type { FleetClusters } from '../../clusters/fleet-clusters.ts';
import type { WantedAccess } from '../../declared/wanted-access.ts';
import type { Operations } from '../../operations/open-operations.ts';
import type { Json, PlanKind, StepContext } from '../../operations/plan-kind.ts';
import type { FleetRecord } from '../../record/record.ts';
import type { RequestStore, StoredRequest } from '../request-store.ts';
import type { SchemaRegistrar } from '../schema-registrar.ts';
import { type OnboardStep, onboardPlan } from './onboard-plan.ts';
import { provisionAccess, takeBackAccess } from './provision-access.ts';
import { provisionTopic, removeTopic } from './provision-topic.ts';
import { recordChanges } from './record-changes.ts';

export const onboardKindName = 'onboard';

export interface ProvisioningParts {
  readonly store: RequestStore;
  readonly record: FleetRecord;
  readonly clusters: FleetClusters;
  readonly platform: Platform;
  /** What of access is wanted on clusters, as of now. */
  readonly access: () => Promise<WantedAccess>;
  /** Undefined: schemas are left to whoever produces. */
  readonly schemas?: SchemaRegistrar | undefined;
  /** Issues passwords, which is an operation of its own. */
  readonly operations: Pick<Operations, 'start'>;
}

/** How often a change of the record that meets another one is tried. */
const declareTries = 5;

const Input = Type.Object({ request: Type.String({ description: 'Id of a request that is approved' }) });

export function onboardKind(parts: ProvisioningParts): PlanKind<typeof Input> {
  const { store, record } = parts;
  return {
    name: onboardKindName,
    input: Input,
    permission: 'request',
    // What carries it out once it is approved acts as an admin; others begin or repeat it who may decide of it.
    async permit(input, principal) {
      const { owner, title } = await store.get(input.request);
      requireOn(principal, 'approve', { team: owner ?? undefined }, `"${title}"`);
    },
    async plan(input) {
      const request = await store.get(input.request);
      requireApproved(request);
      const fleet = await record.read();
      const usersOf = (cluster: string, topic: string): string[] =>
        fleet.list('application').flatMap(({ spec }) => {
          const uses = (spec.uses ?? []).some((use) => use.cluster === cluster && use.topic === topic);
          return uses ? [spec.name] : [];
        });
      const { schemas } = parts.schemas === undefined ? { schemas: [] } : request.proposal;
      return onboardPlan({ ...request, proposal: { ...request.proposal, schemas }, usersOf });
    },
    run: async (step, context) => (await run(parts, step.input as OnboardStep, context)) as Json | undefined,
  };
}

async function run(parts: ProvisioningParts, step: OnboardStep, context: StepContext): Promise<unknown> {
  const { clusters, platform, record } = parts;
  const { signal } = context;
  switch (step.do) {
    case 'declare':
      return await declare(parts, step.request, context);
    case 'topic': {
      const topic = await declaredTopic(record, step);
      return await provisionTopic(await clusters.client(step.cluster), topic, platform, signal);
    }
    case 'access': {
      const application = await declaredApplication(record, step.application);
      const wanted = (await parts.access()).acls(record.current()).get(step.cluster) ?? [];
      return await provisionAccess(await clusters.client(step.cluster), application, wanted, signal);
    }
    case 'no access': {
      const fleet = await record.read();
      const users = step.applications.map((name) => fleet.get('application', name)?.spec ?? { name });
      return await takeBackAccess(await clusters.client(step.cluster), users, step.topic, signal);
    }
    case 'delete':
      return await removeTopic(await clusters.client(step.cluster), step.cluster, step.topic, signal);
    case 'credential':
      return await issueSealed(parts, step.application, context);
    case 'schema':
      return await registerSchema(parts, step);
    case 'finish':
      return await finish(parts, step.request, context);
  }
}

/** Others may change the same applications and mirrors at the same time. */
async function declare(
  { store, record }: ProvisioningParts,
  request: string,
  { operation, reason, write }: StepContext,
): Promise<{ revision: number }> {
  const { proposal, state, title } = await store.get(request);
  if (state === 'withdrawn') throw new ProblemError('conflict', `"${title}" was withdrawn; ask for it anew`);
  for (let round = 1; ; round++) {
    const fleet = await record.read();
    const changes = recordChanges(proposal, fleet);
    try {
      const changed = await write((transaction) => record.change(changes, { ...reason, operation }, transaction));
      await record.read();
      return { revision: changed.revision };
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'conflict' || round === declareTries) throw error;
    }
  }
}

/** Sealed for the key of the application. Goes on by itself; one that has a password already keeps it. */
async function issueSealed(
  { operations }: ProvisioningParts,
  application: string,
  { operation, reason }: StepContext,
): Promise<Json> {
  const principal: Principal = { ...reason.principal, role: 'admin', teams: [] };
  const asked = { principal, why: reason.why, idempotencyKey: `${operation} ${application}` };
  try {
    const { id } = await operations.start('credential_issue', { application, kind: 'scram' }, asked);
    return { operation: id };
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'conflict') return { kept: error.message };
    throw error;
  }
}

async function registerSchema(
  { store, schemas }: ProvisioningParts,
  { request, subject }: Extract<OnboardStep, { do: 'schema' }>,
): Promise<unknown> {
  const { proposal } = await store.get(request);
  const wanted = proposal.schemas.find((each) => each.subject === subject);
  return wanted && (await schemas?.register(subject, wanted));
}

async function finish({ store }: ProvisioningParts, request: string, context: StepContext): Promise<undefined> {
  const { principal, why } = context.reason;
  // One that was withdrawn in the middle stays so; what it has declared is made all the same.
  const change = { from: ['approved', 'provisioning', 'failed'], to: 'done', what: 'done', principal, why } as const;
  await context.write((transaction) => store.change(request, { ...change, operation: context.operation }, transaction));
  return undefined;
}

async function declaredTopic(
  record: FleetRecord,
  { cluster, topic }: { cluster: string; topic: string },
): Promise<Topic> {
  const id = kinds.topic.idOf({ cluster, name: topic, partitions: 1 });
  const declared = (await record.read()).get('topic', id);
  if (declared !== undefined) return declared.spec;
  throw new ProblemError('conflict', `the topic ${id} is no longer declared; withdraw the request`);
}

async function declaredApplication(record: FleetRecord, name: string): Promise<Application> {
  const declared = (await record.read()).get('application', name);
  if (declared !== undefined) return declared.spec;
  throw new ProblemError('conflict', `the application ${name} is no longer declared; withdraw the request`);
}

function requireApproved({ state, title }: StoredRequest): void {
  if (state === 'approved' || state === 'provisioning' || state === 'failed') return;
  throw new ProblemError('conflict', `"${title}" is ${state}; only what is approved is carried out`);
}
