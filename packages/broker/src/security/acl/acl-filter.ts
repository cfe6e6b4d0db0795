/** Which entries a request to describe or delete them means, by the rules of Kafka's `AclBindingFilter`. */
import { type Acl, any, isOperation, isResourceType, patternTypes, permissions, wildcard } from './acl.ts';

/** Null, and `any` among numbers, stand for everything. */
export interface AclFilter {
  readonly resourceType: number;
  readonly resourceName: string | null;
  readonly patternType: number;
  readonly principal: string | null;
  readonly host: string | null;
  readonly operation: number;
  readonly permissionType: number;
}

/** The filter of a request as the protocol has it. */
export function aclFilter(asked: {
  readonly resourceTypeFilter: number;
  readonly resourceNameFilter: string | null;
  readonly patternTypeFilter: number;
  readonly principalFilter: string | null;
  readonly hostFilter: string | null;
  readonly operation: number;
  readonly permissionType: number;
}): AclFilter {
  return {
    resourceType: asked.resourceTypeFilter,
    resourceName: asked.resourceNameFilter,
    patternType: asked.patternTypeFilter,
    principal: asked.principalFilter,
    host: asked.hostFilter,
    operation: asked.operation,
    permissionType: asked.permissionType,
  };
}

/** Why a filter can't be used, or undefined when it can. */
export function filterProblem(filter: AclFilter): string | undefined {
  const { resourceType, patternType, operation, permissionType } = filter;
  const known =
    (resourceType === any || isResourceType(resourceType)) &&
    (operation === any || isOperation(operation)) &&
    patternType >= patternTypes.any &&
    patternType <= patternTypes.prefixed &&
    permissionType >= permissions.any &&
    permissionType <= permissions.allow;
  return known ? undefined : 'The filter contains a type, operation or permission that is unknown.';
}

export function matchesFilter(acl: Acl, filter: AclFilter): boolean {
  return (
    (filter.resourceType === any || filter.resourceType === acl.resourceType) &&
    matchesName(acl, filter) &&
    (filter.principal === null || filter.principal === acl.principal) &&
    (filter.host === null || filter.host === acl.host) &&
    (filter.operation === any || filter.operation === acl.operation) &&
    (filter.permissionType === any || filter.permissionType === acl.permissionType)
  );
}

function matchesName(acl: Acl, { patternType, resourceName: name }: AclFilter): boolean {
  if (patternType === patternTypes.match && name !== null) {
    if (acl.patternType === patternTypes.prefixed) return name.startsWith(acl.resourceName);
    return acl.resourceName === name || acl.resourceName === wildcard;
  }
  const anyPattern = patternType === patternTypes.any || patternType === patternTypes.match;
  return (anyPattern || patternType === acl.patternType) && (name === null || name === acl.resourceName);
}
