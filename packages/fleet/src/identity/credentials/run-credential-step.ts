/**
 * Does the steps of issuing, rotating and revoking credentials, each of which may be begun again wherever it was broken
 * off.
 */
import { ProblemError } from '@millrace/api';
import type { Application } from '@millrace/api/declared';
import { isMillraceError } from '@millrace/base';
import type { Client } from '@millrace/client';
import type { Json, StepContext } from '../../operations/plan-kind.ts';
import type { FleetRecord } from '../../record/record.ts';
import { userOfPrincipal } from '../principals.ts';
import { applicationAcls } from '../wanted-acls.ts';
import { wantedQuotas } from '../wanted-quotas.ts';
import { deletePassword, denyAccess, grantAccess } from './cluster-access.ts';
import type { CredentialStep, StepOf } from './credential-step.ts';
import { type IssueSurroundings, issueCertificate, issuePassword } from './issue-credential.ts';

export interface StepSurroundings extends IssueSurroundings {
  readonly record: FleetRecord;
  /** Whether idempotent producers need a right of their own there. */
  readonly needsIdempotentWrite: (cluster: string, client: Client, signal: AbortSignal) => Promise<boolean>;
}

/** How often a declaration that others change at the same time is tried again. */
const declareTries = 5;

/** Does one; what it answers is kept with the operation and is no secret. */
export function runCredentialStep(
  around: StepSurroundings,
  step: CredentialStep,
  context: StepContext,
): Promise<Json | undefined> {
  switch (step.do) {
    case 'grant':
      return grant(around, step, context);
    case 'issue':
      return issuePassword(around, step, context);
    case 'certify':
      return issueCertificate(around, step, context);
    case 'declare':
      return declare(around, step, context);
    case 'deny':
      return deny(around, step, context);
    case 'delete':
      return deleteOn(around, step, context);
    case 'end':
      return end(around, step, context);
  }
}

async function grant(around: StepSurroundings, step: StepOf<'grant'>, { signal }: StepContext): Promise<Json> {
  const { principal, like, cluster } = step;
  const fleet = await around.record.read();
  const application = declared(around, step.application);
  const client = await around.clusters.client(cluster);
  const idempotent = await around.needsIdempotentWrite(cluster, client, signal);
  const acls = (applicationAcls(application, { needsIdempotentWrite: () => idempotent }).get(cluster) ?? [])
    .map(({ acl }) => acl)
    .filter((acl) => acl.principal === principal);
  const user = userOfPrincipal(principal);
  const quotas = (wantedQuotas(fleet).get(cluster) ?? []).filter(({ entity }) => entity.user === user);
  return { ...(await grantAccess(client, principal, like, { acls, quotas }, signal)) };
}

async function declare(around: StepSurroundings, step: StepOf<'declare'>, context: StepContext): Promise<Json> {
  const { application: id, principal, wanted } = step;
  for (let round = 1; ; round++) {
    const known = (await around.record.read()).get('application', id);
    if (known === undefined) return { declared: false };
    const others = (known.spec.principals ?? []).filter((each) => each !== principal);
    const principals = wanted ? [...others, principal] : others;
    const { principals: _, ...rest } = known.spec;
    const spec = principals.length === 0 ? rest : { ...rest, principals };
    try {
      const change = { kind: 'application', id, spec, expected: known.revision } as const;
      if (wanted !== (known.spec.principals ?? []).includes(principal)) {
        const reason = { ...context.reason, operation: context.operation };
        await context.write((transaction) => around.record.change([change], reason, transaction));
        await around.record.read();
      }
      return { declared: wanted };
    } catch (error) {
      if (!isMillraceError(error, 'conflict') || round === declareTries) throw error;
    }
  }
}

async function deny(around: StepSurroundings, step: StepOf<'deny'>, context: StepContext): Promise<Json> {
  const { operation, signal } = context;
  const { application, principal, cluster } = step;
  const client = await clientIfDeclared(around, cluster);
  if (client === undefined) return { cluster: 'no longer declared' };
  // First, so that nobody takes the denials for what was not declared.
  await context.write((transaction) =>
    around.store.addShutOut(transaction, { principal, cluster, application, operation }),
  );
  const enforced = await denyAccess(client, principal, signal);
  return enforced ? { denied: true } : { denied: false, because: 'the cluster has no authorizer' };
}

async function deleteOn(around: StepSurroundings, step: StepOf<'delete'>, { signal }: StepContext): Promise<Json> {
  const client = await clientIfDeclared(around, step.cluster);
  if (client === undefined) return { cluster: 'no longer declared' };
  await deletePassword(client, step.principal, signal);
  return { deleted: true };
}

/** Of a principal also what was issued to it since this was planned, which is denied and deleted by now, too. */
async function end(
  { store }: StepSurroundings,
  { application, of, as }: StepOf<'end'>,
  context: StepContext,
): Promise<Json> {
  const live = await store.live(application);
  const ended = live.filter(({ id, principal }) => id === of || principal === of).map(({ id }) => id);
  await context.write(async (transaction) => {
    for (const id of ended) await store.end(transaction, id, as);
  });
  return { ended, as };
}

/** A cluster that is gone from the record needs nothing any more. */
async function clientIfDeclared({ clusters }: StepSurroundings, cluster: string): Promise<Client | undefined> {
  return clusters.names.includes(cluster) ? await clusters.client(cluster) : undefined;
}

function declared({ record }: StepSurroundings, application: string): Application {
  const known = record.current().get('application', application);
  if (known !== undefined) return known.spec;
  throw new ProblemError('not_found', `there is no application ${application} any more`);
}
