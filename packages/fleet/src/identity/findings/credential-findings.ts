/**
 * Credentials that are not as they should be: absent where they are needed, present where nobody has issued them,
 * rotations that nobody ends, certificates that expire. Pure.
 */
import type { Credential } from '../credentials/credential-store.ts';
import { mayBeKnown } from '../credentials/credential-store.ts';
import { daysLeft } from '../credentials/credential-views.ts';
import { userOfPrincipal } from '../principals.ts';
import type { FindingDraft, FindingsInput } from './finding.ts';

const expiryDays = 30;
const urgentDays = 7;
const rotationDays = 7;

export function credentialFindings(input: FindingsInput): FindingDraft[] {
  const live = input.credentials.filter(({ endedAt }) => endedAt === null);
  const passwords = live.filter(({ kind }) => kind === 'scram');
  return [
    ...absentOnes(input, passwords),
    ...strangers(input, passwords),
    ...undelivered(passwords),
    ...unfinished(input, passwords),
    ...expiring(input, live),
  ];
}

function absentOnes({ fleet, clusters }: FindingsInput, passwords: readonly Credential[]): FindingDraft[] {
  return passwords.filter(mayBeKnown).flatMap(({ application, principal, issuedAt, clusters: written }) => {
    const uses = fleet.get('application', application)?.spec.uses ?? [];
    const wanted = new Set([...written, ...uses.map(({ cluster }) => cluster)]);
    return [...wanted].flatMap((name): FindingDraft[] => {
      const { users, usersAt } = clusters.find((cluster) => cluster.name === name) ?? {};
      // What was asked before it was issued tells nothing of it.
      if (users === undefined || !isSince(usersAt, issuedAt) || users.has(userOfPrincipal(principal) ?? '')) return [];
      const why = written.includes(name)
        ? 'it was written there and is gone'
        : 'it was issued before it was needed there';
      return [
        {
          key: `${name} ${principal}`,
          kind: 'missing_credential',
          severity: 'high',
          cluster: name,
          application,
          principal,
          text: `${principal} can't log in to ${name}: its password is not there (${why})`,
          advice: `rotate it (millrace application rotate ${application}): what is kept of a password can't be written`,
        },
      ];
    });
  });
}

function strangers({ clusters, credentials }: FindingsInput, passwords: readonly Credential[]): FindingDraft[] {
  const issued = new Set(passwords.map(({ principal }) => userOfPrincipal(principal)));
  const former = new Map(credentials.map((each) => [userOfPrincipal(each.principal), each]));
  return clusters.flatMap(({ name, users = new Set<string>(), usersAt }) =>
    [...users]
      .filter((user) => !issued.has(user) && isSince(usersAt, former.get(user)?.endedAt))
      .map((user): FindingDraft => {
        const application = former.get(user)?.application ?? null;
        const whose = application === null ? 'no application was issued it' : `${application} has no such password now`;
        return {
          key: `${name} ${user}`,
          kind: 'undeclared_credential',
          severity: application === null ? 'low' : 'high',
          cluster: name,
          application,
          principal: `User:${user}`,
          text: `the user ${user} can log in to ${name}, and ${whose}`,
          advice:
            application === null
              ? 'delete the user, or issue an application credentials in its place'
              : `revoke it again: millrace application revoke ${application}`,
        };
      }),
  );
}

function undelivered(passwords: readonly Credential[]): FindingDraft[] {
  return passwords
    .filter((each) => !mayBeKnown(each))
    .map(({ id, application, principal }) => ({
      key: id,
      kind: 'undelivered_credential',
      severity: 'low',
      cluster: null,
      application,
      principal,
      text: `${principal} was issued a password that nobody was told: who asked for it went away`,
      advice: `issue it again: millrace application issue ${application}`,
    }));
}

function unfinished({ now }: FindingsInput, passwords: readonly Credential[]): FindingDraft[] {
  const byApplication = Map.groupBy(passwords.filter(mayBeKnown), ({ application }) => application);
  return [...byApplication].flatMap(([application, own]): FindingDraft[] => {
    const recent = own.at(-1);
    if (recent === undefined || own.length < 2) return [];
    const days = daysLeft(now, recent.issuedAt);
    if (days < rotationDays) return [];
    return [
      {
        key: application,
        kind: 'rotation_unfinished',
        severity: 'medium',
        cluster: null,
        application,
        principal: recent.principal,
        text: `${application} has had two passwords for ${days} days: it was not said that it uses ${recent.principal}`,
        advice: `millrace application confirm ${application}, once it does`,
      },
    ];
  });
}

function expiring({ now }: FindingsInput, live: readonly Credential[]): FindingDraft[] {
  const certificates = live.filter(({ kind }) => kind === 'certificate');
  return certificates.flatMap(({ id, application, principal, expiresAt }): FindingDraft[] => {
    if (expiresAt === null) return [];
    const days = daysLeft(expiresAt, now);
    const isReplaced = certificates.some(
      (other) => other.application === application && other.expiresAt !== null && other.expiresAt > expiresAt,
    );
    if (days > expiryDays || isReplaced) return [];
    const when =
      days < 0 ? `expired ${expiresAt.toISOString()}` : `expires in ${days} days, ${expiresAt.toISOString()}`;
    return [
      {
        key: id,
        kind: 'certificate_expiring',
        severity: days <= urgentDays ? 'high' : 'medium',
        cluster: null,
        application,
        principal,
        text: `the certificate of ${principal} ${when}, and there is no newer one`,
        advice: `millrace application issue ${application} --certificate; both are valid for a while`,
      },
    ];
  });
}

/** Whether what was asked then can tell of what has happened. */
function isSince(askedAt: Date | undefined, happenedAt: Date | null | undefined): boolean {
  return askedAt === undefined || happenedAt == null || askedAt > happenedAt;
}
