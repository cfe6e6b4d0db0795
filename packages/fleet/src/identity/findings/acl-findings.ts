/**
 * ACLs that are not as they should be: those that nothing declares, those that are missing, those that a denial makes
 * worthless, and those that others make superfluous. Pure.
 */
import type { AclBinding } from '@millrace/client';
import { aclKey, aclText, wantedAcls } from '../wanted-acls.ts';
import { denialOf, isCoveredBy } from './acl-cover.ts';
import { type FindingDraft, type FindingsInput, ownersOf, type SeenCluster } from './finding.ts';

export function aclFindings(input: FindingsInput): FindingDraft[] {
  const { fleet, shutOut, needsIdempotentWrite } = input;
  const wanted = wantedAcls(fleet, { shutOut, needsIdempotentWrite });
  const owners = ownersOf(fleet);
  return input.clusters.flatMap((cluster) => {
    const { acls, name } = cluster;
    if (acls === undefined) return withoutAcls(cluster);
    const expected = new Map((wanted.get(name) ?? []).map((each) => [aclKey(each.acl), each]));
    const seen = new Map(acls.map((acl) => [aclKey(acl), acl]));
    const isMeant = (acl: AclBinding): boolean => shutOut.get(acl.principal)?.has(name) ?? false;
    // Who was shut out since is so, whatever was seen before.
    const isRecent = ({ principal, permission }: AclBinding): boolean => {
      const since = permission === 'deny' ? shutOut.get(principal)?.get(name)?.since : undefined;
      return since !== undefined && cluster.observedAt !== null && since > cluster.observedAt;
    };
    const about = (acl: AclBinding) => ({
      cluster: name,
      principal: acl.principal,
      application: owners.get(acl.principal) ?? null,
    });
    const drafts: FindingDraft[] = [];
    for (const [key, { acl, because }] of expected) {
      if (!seen.has(key) && !isRecent(acl)) drafts.push({ ...about(acl), ...missing(name, acl, because) });
    }
    const byPrincipal = Map.groupBy(acls, ({ principal }) => principal);
    // Only those of the same principal, and of everybody, can matter to one.
    const others = ({ principal }: AclBinding): AclBinding[] => [
      ...(byPrincipal.get(principal) ?? []),
      ...(principal === 'User:*' ? [] : (byPrincipal.get('User:*') ?? [])),
    ];
    for (const acl of acls) {
      if (!expected.has(aclKey(acl))) drafts.push({ ...about(acl), ...notDeclared(name, acl, others(acl)) });
      if (acl.permission === 'deny') continue;
      const shadow = others(acl).find(
        (other) => other.permission === 'deny' && !isMeant(other) && denialOf(other, acl) !== 'none',
      );
      if (shadow !== undefined) drafts.push({ ...about(acl), ...shadowed(name, acl, shadow) });
    }
    return drafts;
  });
}

function withoutAcls({ name, observedAt }: SeenCluster): FindingDraft[] {
  if (observedAt === null) return [];
  return [
    {
      key: name,
      kind: 'no_authorizer',
      severity: 'high',
      cluster: name,
      application: null,
      principal: null,
      text: `${name} tells no ACLs: it has no authorizer, or we may not ask it for them`,
      advice: 'set authorizer.class.name, or allow the control plane to describe the cluster',
    },
  ];
}

type Rest = Omit<FindingDraft, 'cluster' | 'principal' | 'application'>;

function missing(cluster: string, acl: AclBinding, because: readonly string[]): Rest {
  return {
    key: `${cluster} ${aclKey(acl)}`,
    kind: 'missing_acl',
    severity: acl.permission === 'deny' ? 'high' : 'medium',
    text: `it is not so on ${cluster} that ${aclText(acl)}, though ${because.join(' and ')}`,
    advice: 'apply what is declared: millrace fleet apply',
  };
}

/** What another one allows too is superfluous rather than dangerous. */
function notDeclared(cluster: string, acl: AclBinding, others: readonly AclBinding[]): Rest {
  const other = others.find((each) => aclKey(each) !== aclKey(acl) && isCoveredBy(acl, each));
  if (other !== undefined) {
    return {
      key: `${cluster} ${aclKey(acl)}`,
      kind: 'duplicate_acl',
      severity: 'low',
      text: `on ${cluster} ${aclText(acl)}, which nothing declares and which follows from another: ${aclText(other)}`,
      advice: 'delete it: nobody loses anything',
    };
  }
  const isWide = acl.permission === 'allow' && (acl.resourceName === '*' || acl.resourceType === 'cluster');
  return {
    key: `${cluster} ${aclKey(acl)}`,
    kind: 'undeclared_acl',
    severity: isWide || acl.principal === 'User:*' ? 'high' : 'medium',
    text: `on ${cluster} ${aclText(acl)}, and nothing declares it`,
    advice: 'declare it (as what an application uses, or among the acls) or delete it',
  };
}

function shadowed(cluster: string, acl: AclBinding, shadow: AclBinding): Rest {
  const part = denialOf(shadow, acl) === 'all' ? 'is worthless' : 'is partly worthless';
  return {
    key: `${cluster} ${aclKey(acl)} ${aclKey(shadow)}`,
    kind: 'shadowed_acl',
    severity: 'medium',
    text: `on ${cluster} it ${part} that ${aclText(acl)}: ${aclText(shadow)}, and a denial wins`,
    advice: 'delete one of the two',
  };
}
