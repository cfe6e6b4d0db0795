/** Which ACLs speak of the same: by the rules of Kafka's own authorizer. Pure. */
import type { AclBinding } from '@millrace/client';

/** Whether one reaches all that the other is about, some of it, or nothing. */
export type Cover = 'all' | 'some' | 'none';

type Resource = Pick<AclBinding, 'resourceType' | 'resourceName' | 'patternType'>;

/** What a denial takes of what is allowed. */
export function denialOf(denied: AclBinding, allowed: AclBinding): Cover {
  if (denied.principal !== allowed.principal && denied.principal !== 'User:*') return 'none';
  if (denied.operation !== 'all' && denied.operation !== allowed.operation && allowed.operation !== 'all')
    return 'none';
  const resources = coverOf(denied, allowed);
  if (resources === 'none') return 'none';
  const hosts = denied.host === '*' || denied.host === allowed.host ? 'all' : allowed.host === '*' ? 'some' : 'none';
  if (hosts === 'none') return 'none';
  const operations = denied.operation === 'all' || denied.operation === allowed.operation ? 'all' : 'some';
  return [resources, hosts, operations].includes('some') ? 'some' : 'all';
}

/** Whether what the one allows, the other allows too. */
export function isCoveredBy(one: AclBinding, other: AclBinding): boolean {
  if (one.permission !== 'allow' || other.permission !== 'allow') return false;
  if (other.principal !== one.principal && other.principal !== 'User:*') return false;
  if (other.host !== '*' && other.host !== one.host) return false;
  return impliedBy(one.operation, other.operation) && coverOf(other, one) === 'all';
}

/** How much of the second's resources the first one names. */
export function coverOf(one: Resource, other: Resource): Cover {
  if (one.resourceType !== other.resourceType) return 'none';
  if (isEverything(one)) return 'all';
  if (isEverything(other)) return 'some';
  if (one.patternType === 'prefixed') {
    if (other.resourceName.startsWith(one.resourceName)) return 'all';
    return other.patternType === 'prefixed' && one.resourceName.startsWith(other.resourceName) ? 'some' : 'none';
  }
  if (other.patternType === 'prefixed') return one.resourceName.startsWith(other.resourceName) ? 'some' : 'none';
  return one.resourceName === other.resourceName ? 'all' : 'none';
}

function impliedBy(operation: AclBinding['operation'], granted: AclBinding['operation']): boolean {
  if (granted === 'all' || granted === operation) return true;
  if (operation === 'describe') return ['read', 'write', 'delete', 'alter'].includes(granted);
  return operation === 'describe-configs' && granted === 'alter-configs';
}

function isEverything({ resourceName, patternType }: Resource): boolean {
  return patternType === 'literal' && resourceName === '*';
}
