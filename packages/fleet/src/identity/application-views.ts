/** Applications as the API shows them. Pure. */
import { mayAnywhere, type Principal } from '@millrace/api';
import type { Application } from '@millrace/api/declared';
import type { ApplicationDetail, ApplicationItem, Finding } from '@millrace/api/fleet';
import { mayOn } from '../access/may-on.ts';
import type { Credential, ShutOut } from './credentials/credential-store.ts';
import { credentialView, isValid } from './credentials/credential-views.ts';
import { usesOf } from './findings/use-findings.ts';
import type { SeenUses } from './observations.ts';
import { principalsOf } from './principals.ts';
import { aclText, applicationAcls, type WantedAclsOptions } from './wanted-acls.ts';

/** What is known of applications, at one moment. */
export interface Known {
  readonly credentials: readonly Credential[];
  readonly shutOut: ShutOut;
  readonly findings: readonly Finding[];
  readonly now: Date;
}

const observedMax = 1_000;

export function applicationItem(spec: Application, known: Known): ApplicationItem {
  const own = known.credentials.filter(({ application }) => application === spec.name);
  const valid = own.filter((credential) => isValid(credential, known.now));
  const ends = valid.flatMap(({ expiresAt }) => expiresAt ?? []).sort((one, other) => one.getTime() - other.getTime());
  const principals = new Set([...principalsOf(spec), ...own.map(({ principal }) => principal)]);
  return {
    name: spec.name,
    team: spec.team,
    description: spec.description ?? null,
    clusters: [...new Set((spec.uses ?? []).map(({ cluster }) => cluster))],
    topics: spec.uses?.length ?? 0,
    credentials: valid.length,
    shutOut: [...known.shutOut.keys()].filter((principal) => principals.has(principal)),
    // Of several that are valid at once the last one counts.
    expiresAt: ends.at(-1)?.toISOString() ?? null,
    findings: known.findings.filter(({ application }) => application === spec.name).length,
  };
}

export function applicationDetail(
  spec: Application,
  known: Known,
  asks: {
    readonly principal: Principal;
    readonly seen: SeenUses;
    readonly sealed: ReadonlyMap<string, string>;
    readonly options: WantedAclsOptions;
  },
): ApplicationDetail {
  const acls = [...applicationAcls(spec, asks.options)].flatMap(([cluster, entries]) =>
    entries.map(({ acl, because }) => ({ cluster, text: aclText(acl), because: [...because] })),
  );
  const { uses } = asks.seen;
  const observed = (spec.uses ?? []).flatMap((use) => usesOf(spec, use, uses));
  const own = known.credentials.filter(({ application }) => application === spec.name);
  const mayChange = mayOn(asks.principal, 'change', { team: spec.team });
  return {
    ...applicationItem(spec, known),
    declared: spec,
    principals: principalsOf(spec),
    acls,
    observed: observed.slice(0, observedMax).map(({ cluster, topic, role, source, lastSeenAt }) => {
      return { cluster, topic, role, source, lastSeenAt: lastSeenAt.toISOString() };
    }),
    credentialList: own
      .toReversed()
      .map((credential) => credentialView(credential, known.now, asks.sealed.get(credential.id))),
    allowed: mayChange && mayAnywhere(asks.principal, 'change') ? ['issue', 'rotate', 'confirm', 'revoke'] : [],
  };
}

/** Who may have what is sealed to the application's key: its team, and itself. */
export function maySeeSealed(principal: Principal, { name, team }: Application): boolean {
  return mayOn(principal, 'change', { team }) || (principal.kind === 'application' && principal.name === name);
}
