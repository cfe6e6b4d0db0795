/** Certificates that end soon, but for those of applications: of authorities and of brokers. Pure. */
import { X509Certificate } from 'node:crypto';
import { daysLeft } from '../credentials/credential-views.ts';
import type { FindingDraft, FindingsInput } from './finding.ts';

const brokerDays = 30;
const brokerUrgentDays = 7;
/** A new authority has to get into the truststores of all clusters first, and certificates last no longer than it. */
const authorityDays = 365;
const authorityUrgentDays = 60;
const shownMax = 5;

export function certificateFindings(input: FindingsInput): FindingDraft[] {
  return [...authorities(input), ...signedByFormer(input), ...brokers(input)];
}

function authorities({ authorities: known, now }: FindingsInput): FindingDraft[] {
  const next = known.find(({ state }) => state === 'next');
  return known.flatMap(({ id, state, expiresAt }): FindingDraft[] => {
    const days = daysLeft(expiresAt, now);
    if (state !== 'current' || days > authorityDays) return [];
    const advice =
      next === undefined
        ? 'millrace authority replace; then have all clusters trust both, and activate the new one'
        : 'have all clusters trust the next authority too, then: millrace authority activate';
    return [
      {
        key: `authority ${id}`,
        severity: days <= authorityUrgentDays ? 'high' : 'medium',
        ...{ cluster: null, application: null, principal: null },
        text: `the authority that signs certificates of applications ${when(days, expiresAt)}`,
        ...{ kind: 'certificate_expiring', advice },
      },
    ];
  });
}

/** They hold until the former authority is taken out of the truststores of clusters. */
function signedByFormer({ authorities: known, credentials, now }: FindingsInput): FindingDraft[] {
  const former = new Set(known.filter(({ state }) => state === 'former').map(({ subject }) => subject));
  if (former.size === 0) return [];
  const valid = credentials.filter(
    ({ kind, endedAt, expiresAt }) =>
      kind === 'certificate' && endedAt === null && expiresAt !== null && expiresAt > now,
  );
  return [...Map.groupBy(valid, ({ application }) => application)].flatMap(([application, own]): FindingDraft[] => {
    const newest = own.at(-1);
    if (newest?.certificate == null || !former.has(issuerOf(newest.certificate))) return [];
    return [
      {
        key: `former authority ${newest.id}`,
        kind: 'certificate_expiring',
        severity: 'medium',
        ...{ cluster: null, application, principal: newest.principal },
        text: `the certificate of ${newest.principal} was signed by a former authority, which is to go`,
        advice: `millrace application issue ${application} --certificate; both are valid for a while`,
      },
    ];
  });
}

/** Of brokers of a cluster that end at the same time one. */
function brokers({ serverCertificates, now }: FindingsInput): FindingDraft[] {
  const ending = serverCertificates.filter(({ expiresAt }) => daysLeft(expiresAt, now) <= brokerDays);
  const groups = Map.groupBy(ending, ({ cluster, expiresAt }) => `${cluster} ${expiresAt.toISOString()}`);
  return [...groups].flatMap(([key, own]): FindingDraft[] => {
    const [first] = own;
    if (first === undefined) return [];
    const { cluster, expiresAt } = first;
    const ids = [...new Set(own.map(({ nodeId }) => nodeId))].sort((one, other) => one - other);
    const more = ids.length > shownMax ? ` and ${ids.length - shownMax} more` : '';
    const days = daysLeft(expiresAt, now);
    const verb = ids.length === 1 ? 'shows' : 'show';
    const who = `${ids.length === 1 ? 'broker' : 'brokers'} ${ids.slice(0, shownMax).join(', ')}${more}`;
    return [
      {
        key: `server ${key}`,
        kind: 'certificate_expiring',
        severity: days <= brokerUrgentDays ? 'high' : 'medium',
        ...{ cluster, application: null, principal: null },
        text: `the certificate that ${who} of ${cluster} ${verb} ${when(days, expiresAt)}`,
        advice: `replace it on ${own
          .slice(0, shownMax)
          .map(({ address }) => address)
          .join(', ')}: brokers take a new one without a restart`,
      },
    ];
  });
}

function when(days: number, expiresAt: Date): string {
  const at = expiresAt.toISOString();
  return days < 0 ? `expired ${at}` : `expires in ${days} days, ${at}`;
}

/** As authorities have their subjects: most specific part last, on one line. */
function issuerOf(pem: string): string {
  return new X509Certificate(pem).issuer.split('\n').join(', ');
}
