/**
 * What has to be done to issue, rotate or revoke credentials of an application: plans, worked out of what is declared
 * and of what was issued before. Pure: the same state gives the same steps.
 *
 * A user has one password, so a new one comes with the other user of the two; what that may do is made equal before it
 * can log in. The old one is denied everything before it is deleted, since deleting it closes no connection, and stays
 * denied until its turn comes again.
 */
import { ProblemError } from '@millrace/api';
import type { Application } from '@millrace/api/declared';
import type { Json, Plan, PlannedStep } from '../../operations/plan-kind.ts';
import { otherSlot, principalOf, principalsOf, slots } from '../principals.ts';
import type { Receiver } from '../secrets/sealed-for.ts';
import type { CredentialStep } from './credential-step.ts';
import { type Credential, mayBeKnown } from './credential-store.ts';
import {
  certificatePrincipal,
  type IdentityState,
  liveCertificates,
  livePasswords,
  nextSlot,
  slotOf,
} from './identity-state.ts';

export interface CertificateWish {
  readonly days: number;
  /** PKCS#10 in PEM. */
  readonly request?: string | undefined;
  readonly receiver?: Receiver | undefined;
}

export interface RotationWish {
  readonly receiver: Receiver;
  readonly graceSeconds?: number | undefined;
}

export function planFirstPassword({ application, credentials }: IdentityState, receiver: Receiver): Plan {
  const { name } = application;
  const live = livePasswords(credentials);
  const known = live.filter(mayBeKnown);
  if (known.length > 0) {
    throw conflict(`application ${name} has a password already (of ${known[0]?.principal}); rotate it`);
  }
  const principal = live[0]?.principal ?? principalOf(name, nextSlot(name, credentials));
  const clusters = clustersOf(application);
  return {
    title: `issue a password of application ${name}, as ${principal}`,
    steps: [...grants(application, principal, null, clusters), issue(application, principal, clusters, receiver)],
  };
}

/** Issues the other user's password. The one before goes with a plan of its own, when the new one is used. */
export function planRotation({ application, credentials }: IdentityState, wish: RotationWish): Plan {
  const { name } = application;
  const { receiver, graceSeconds = null } = wish;
  const live = livePasswords(credentials);
  const [old, recent] = live.filter(mayBeKnown);
  if (old === undefined) throw conflict(`application ${name} has no password; issue one first`);
  if (recent !== undefined) {
    const choice = `confirm that it uses ${recent.principal}, or revoke that`;
    throw conflict(`application ${name} is between two passwords already, ${old.principal} goes: ${choice}`);
  }
  const principal = principalOf(name, otherSlot(slotOf(name, old.principal)));
  const clusters = clustersOf(application);
  const when = graceSeconds === null ? 'when the new one is said to be used' : `${graceSeconds} s later at the latest`;
  return {
    title: `rotate the password of application ${name}, from ${old.principal} to ${principal}`,
    steps: [
      ...grants(application, principal, old.principal, clusters),
      issue(application, principal, clusters, receiver, graceSeconds),
    ],
    notes: [`${old.principal} stays valid meanwhile; it is denied and deleted ${when}`],
  };
}

/** Of an application with two passwords all but one: denied, then deleted. */
export function planRetirement({ application, credentials }: IdentityState, stays: string): Plan {
  const { name } = application;
  const live = livePasswords(credentials);
  const recent = live.find(({ id }) => id === stays);
  const old = live.filter(({ id }) => id !== stays);
  if (recent === undefined || old.length === 0) {
    throw conflict(
      `application ${name} has no older password than the one of credential ${stays}; nothing is to retire`,
    );
  }
  const users = old.map(({ principal }) => principal).join(', ');
  return {
    title: `retire ${users} of application ${name}, which uses ${recent.principal}`,
    steps: departure(application, old, 'retired', []),
  };
}

export function planCertificate(state: IdentityState, wish: CertificateWish): Plan {
  const { application, credentials, now } = state;
  const { name } = application;
  const { days, request = null, receiver = null } = wish;
  const valid = liveCertificates(credentials, now);
  if (valid.length > 1 && valid.at(-1)?.confirmedAt === null) {
    throw conflict(`application ${name} has two valid certificates; confirm that it uses the newer one`);
  }
  const principal = certificatePrincipal(name, credentials);
  const clusters = clustersOf(application);
  const declared = planned(`declare ${principal}`, `declare ${principal} as a principal of ${name}`, {
    do: 'declare',
    application: name,
    principal,
    wanted: true,
  });
  const certify = planned(`certify ${principal}`, `sign a certificate of ${principal} for ${days} days`, {
    do: 'certify',
    application: name,
    principal,
    clusters,
    days,
    request,
    receiver,
  });
  const superseded = valid.slice(0, -1).map(({ id }) =>
    planned(`end ${id}`, `note that certificate ${id} is no longer used`, {
      do: 'end',
      application: name,
      of: id,
      as: 'retired',
    }),
  );
  return {
    title: `issue a certificate of application ${name}, as ${principal}`,
    steps: [declared, ...grants(application, principal, null, clusters), ...superseded, certify],
    notes: ['clusters have to trust the authority at /api/v1/certificate-authority'],
  };
}

/** Of all its principals, or of some. Those that never had a credential are shut out, too. */
export function planRevocation(
  { application, credentials }: IdentityState,
  asked: readonly string[] | undefined,
  clusters: readonly string[],
): Plan {
  const { name } = application;
  const own = [...new Set([...principalsOf(application), ...credentials.map(({ principal }) => principal)])];
  const strangers = (asked ?? []).filter((principal) => !own.includes(principal));
  if (strangers.length > 0) {
    const list = own.join(', ');
    throw new ProblemError(
      'invalid_request',
      `${strangers[0]} is no principal of application ${name}, which has ${list}`,
    );
  }
  const principals = asked ?? own;
  const ended = credentials.filter(({ principal, endedAt }) => endedAt === null && principals.includes(principal));
  const undeclared = principals.filter((principal) => application.principals?.includes(principal));
  const steps = departure(application, ended, 'revoked', [], { principals, clusters });
  const last = steps.at(-1)?.id;
  return {
    title: `revoke ${principals.join(', ')} of application ${name}`,
    steps: [
      ...steps,
      ...undeclared.map((principal) =>
        planned(
          `undeclare ${principal}`,
          `take ${principal} out of the declaration of ${name}`,
          { do: 'declare', application: name, principal, wanted: false },
          last === undefined ? [] : [last],
        ),
      ),
    ],
    notes: ['what is denied stays so until the principal is issued a password again'],
  };
}

/** Those that it uses, in the order in which it does. */
export function clustersOf(application: Pick<Application, 'name' | 'uses'>): string[] {
  const clusters = [...new Set((application.uses ?? []).map(({ cluster }) => cluster))];
  if (clusters.length > 0) return clusters;
  throw conflict(`application ${application.name} uses no cluster; declare what it uses first`);
}

/** Denies, then deletes, then notes the end; clusters on their own, so that none waits for another. */
function departure(
  application: Application,
  ended: readonly Credential[],
  as: 'retired' | 'revoked',
  after: readonly string[],
  wider: { readonly principals: readonly string[]; readonly clusters: readonly string[] } = {
    principals: [],
    clusters: [],
  },
): PlannedStep[] {
  const { name } = application;
  const principals = [...new Set([...wider.principals, ...ended.map(({ principal }) => principal)])];
  const known = ended.flatMap(({ clusters }) => clusters);
  const uses = (application.uses ?? []).map(({ cluster }) => cluster);
  const clusters = [...new Set([...uses, ...known, ...wider.clusters])];
  const denials = principals.flatMap((principal) =>
    clusters.map((cluster) =>
      planned(
        `deny ${principal} on ${cluster}`,
        `deny ${principal} everything on ${cluster}, open connections included`,
        { do: 'deny', application: name, principal, cluster },
        after,
        true,
      ),
    ),
  );
  const users = new Set(slots.map((slot) => principalOf(name, slot)));
  const deletions = principals
    .filter((principal) => users.has(principal))
    .flatMap((principal) =>
      clusters.map((cluster) =>
        planned(
          `delete ${principal} on ${cluster}`,
          `delete the password of ${principal} on ${cluster}`,
          { do: 'delete', application: name, principal, cluster },
          [`deny ${principal} on ${cluster}`],
          true,
        ),
      ),
    );
  const ends = principals.map((principal) =>
    planned(
      `end ${principal}`,
      `note that what ${principal} logs in with is ${as}`,
      { do: 'end', application: name, of: principal, as },
      [...denials, ...deletions].map((each) => each.id),
    ),
  );
  return [...denials, ...deletions, ...ends];
}

function grants(
  application: Application,
  principal: string,
  like: string | null,
  clusters: readonly string[],
): PlannedStep[] {
  const equal = like === null ? '' : `, as those of ${like}`;
  return clusters.map((cluster) =>
    planned(`grant ${principal} on ${cluster}`, `make ACLs and quotas of ${principal} on ${cluster}${equal}`, {
      do: 'grant',
      application: application.name,
      principal,
      like,
      cluster,
    }),
  );
}

function issue(
  application: Application,
  principal: string,
  clusters: readonly string[],
  receiver: Receiver,
  graceSeconds: number | null = null,
): PlannedStep {
  const where = clusters.join(', ');
  return planned(`issue ${principal}`, `issue a password of ${principal} on ${where}`, {
    do: 'issue',
    application: application.name,
    principal,
    clusters: [...clusters],
    receiver,
    graceSeconds,
  });
}

function planned(
  id: string,
  title: string,
  input: CredentialStep,
  after?: readonly string[],
  destructive = false,
): PlannedStep {
  return { id, title, destructive, input: input as Json, ...(after !== undefined && { after }) };
}

function conflict(detail: string): ProblemError {
  return new ProblemError('conflict', detail);
}
