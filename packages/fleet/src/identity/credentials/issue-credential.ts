/**
 * Issues passwords and certificates: each once for its operation, wherever that was broken off before.
 *
 * A secret of an application that is enrolled is also kept, sealed under the key of the control plane, so that the
 * config service can give it to the application's instances.
 *
 * A password is in memory alone while it is written to the clusters. What was broken off there is begun anew with
 * another one, which is harmless as long as nobody was told the first; that is noted, with the sealed password, when
 * all clusters have it. Neither is ever part of what is answered, logged or thrown.
 */
import { randomUUID } from 'node:crypto';
import { ProblemError, principalText } from '@millrace/api';
import { isMillraceError, type Platform } from '@millrace/base';
import type { Kysely, Transaction } from 'kysely';
import type { FleetClusters } from '../../clusters/fleet-clusters.ts';
import { keepSecret } from '../../config/kept-secret.ts';
import type { Schema } from '../../database/schema.ts';
import type { Json, StepContext } from '../../operations/plan-kind.ts';
import { userOfPrincipal } from '../principals.ts';
import { openAuthority } from '../secrets/certificates.ts';
import { mechanism, newPassword, verifierOf } from '../secrets/password.ts';
import { sealFor } from '../secrets/sealed-for.ts';
import type { SealingKey } from '../secrets/sealing-key.ts';
import { admitAgain, denyAccess, writePassword } from './cluster-access.ts';
import type { StepOf } from './credential-step.ts';
import {
  type Credential,
  type CredentialStore,
  mayBeKnown,
  type NewCredential,
  type Reader,
  type ShutOutBy,
} from './credential-store.ts';

export interface IssueSurroundings {
  readonly db: Kysely<Schema>;
  readonly store: CredentialStore;
  readonly clusters: FleetClusters;
  readonly platform: Platform;
  readonly sealingKey: () => Promise<SealingKey>;
}

/** Why a principal is shut out, by cluster. */
type ShutOutOf = ReadonlyMap<string, ShutOutBy>;

export async function issuePassword(
  around: IssueSurroundings,
  step: StepOf<'issue'>,
  context: StepContext,
): Promise<Json> {
  const { application, principal, clusters, receiver, graceSeconds } = step;
  const { store } = around;
  return await store.exclusively(principal, async () => {
    const done = await store.issuedBy(context.operation);
    if (done !== undefined) return outcome(done);
    const live = await store.live(application);
    if (live.some((each) => each.principal === principal && mayBeKnown(each))) {
      throw new ProblemError('conflict', `${principal} was issued a password meanwhile; look again, and rotate it`);
    }
    const shutOut = await shutOutOf(store, principal);
    const password = newPassword();
    for (const [index, cluster] of clusters.entries()) {
      await context.progress(index, clusters.length, cluster);
      context.signal.throwIfAborted();
      await writePassword(await around.clusters.client(cluster), principal, password, context.signal);
    }
    const username = userOfPrincipal(principal) ?? '';
    const issued = issuedTo(step, context);
    const added: NewCredential = {
      ...issued,
      kind: 'scram',
      kept: await keepSecret(around.db, around.sealingKey, application, issued.id, { username, password }),
      verifier: await verifierOf(password),
      sealed: await sealFor(receiver, { kind: 'scram', username, password, mechanism, clusters }),
      sealedFor: receiver.who,
      oldUntil: graceSeconds === null ? undefined : new Date(around.platform.clock.now() + graceSeconds * 1000),
    };
    await letIn(around, principal, shutOut, context, (transaction) => store.add(transaction, added));
    return outcome(added);
  });
}

export async function issueCertificate(
  around: IssueSurroundings,
  step: StepOf<'certify'>,
  context: StepContext,
): Promise<Json> {
  const { principal, days, request, receiver } = step;
  const { store } = around;
  return await store.exclusively(principal, async () => {
    const done = await store.issuedBy(context.operation);
    if (done !== undefined) return outcome(done);
    if ((await shutOutOf(store, principal)).size > 0) throw revokedMeanwhile(principal);
    const authority = await openAuthority(around.db, await around.sealingKey());
    // Clusters spell names with the most specific part first, certificates hold it last.
    const subject = (userOfPrincipal(principal) ?? '').split(',').reverse().join(',');
    const { certificate, serial, expiresAt, key } = await authority.issue(subject, days, request ?? undefined);
    const isSealed = key !== undefined && receiver !== null;
    const content = { kind: 'certificate', certificate, authority: authority.certificate, privateKey: key };
    const issued = issuedTo(step, context);
    const kept =
      key && (await keepSecret(around.db, around.sealingKey, step.application, issued.id, { certificate, key }));
    const added: NewCredential = {
      ...issued,
      kind: 'certificate',
      kept,
      certificate,
      serial,
      expiresAt,
      ...(isSealed ? { sealed: await sealFor(receiver, content), sealedFor: receiver.who } : { sealedFor: 'nobody' }),
    };
    await context.write((transaction) => store.add(transaction, added));
    return outcome(added);
  });
}

/**
 * Takes back what shut the principal out before it had this password, and notes that it has it. When it was shut out
 * anew meanwhile, it stays so, and nothing is noted.
 */
async function letIn(
  around: IssueSurroundings,
  principal: string,
  shutOut: ShutOutOf,
  { signal, write }: StepContext,
  add: (transaction: Transaction<Schema>) => Promise<void>,
): Promise<void> {
  const { clusters, store } = around;
  const now = await shutOutOf(store, principal);
  for (const [cluster, { operation }] of now) {
    if (shutOut.get(cluster)?.operation !== operation) throw revokedMeanwhile(principal);
  }
  const declared = [...shutOut.keys()].filter((cluster) => clusters.names.includes(cluster));
  for (const cluster of declared) await admitAgain(await clusters.client(cluster), principal, signal);
  try {
    await write(async (transaction) => {
      for (const [cluster, { operation }] of shutOut) {
        const isOurs = await store.removeShutOut(transaction, { principal, cluster, operation });
        if (!isOurs) throw revokedMeanwhile(principal);
      }
      if ((await shutOutOf(store, principal, transaction)).size > 0) throw revokedMeanwhile(principal);
      await add(transaction);
    });
  } catch (error) {
    // Who has taken over decides that now.
    if (isMillraceError(error, 'lease_lost')) throw error;
    const whatever = new AbortController().signal;
    for (const cluster of declared) await denyAccess(await clusters.client(cluster), principal, whatever);
    throw error;
  }
}

async function shutOutOf(store: CredentialStore, principal: string, reader?: Reader): Promise<ShutOutOf> {
  return (await store.shutOut(reader)).get(principal) ?? new Map();
}

function revokedMeanwhile(principal: string): ProblemError {
  return new ProblemError('conflict', `${principal} was shut out meanwhile; nothing was issued`);
}

function issuedTo(
  { application, principal, clusters }: StepOf<'issue' | 'certify'>,
  { operation, reason }: StepContext,
): Pick<NewCredential, 'id' | 'application' | 'principal' | 'clusters' | 'operation' | 'issuedBy'> {
  return {
    id: randomUUID(),
    application,
    principal,
    clusters,
    operation,
    issuedBy: principalText(reason.principal),
  };
}

function outcome({ id, principal, clusters }: Pick<Credential, 'id' | 'principal' | 'clusters'>): Json {
  return { credential: id, principal, clusters: [...clusters] };
}
