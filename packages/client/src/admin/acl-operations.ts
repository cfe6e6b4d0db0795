/** ACLs: describe, create, delete. */
import { createAcls, deleteAcls, describeAcls } from '@millrace/wire';
import type { ItemResult } from '../admin.ts';
import {
  type AclOperation,
  type AclResourceType,
  answerError,
  type NeededAccess,
  operationIds,
  resourceTypeIds,
} from '../authorization.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import type { AclBinding, AclFilter } from './acl-admin.ts';
import { itemResults } from './item-results.ts';
import { onAny, onController, throwIfFailed } from './routes.ts';

const any = 1;
const patternIds = { any, match: 2, literal: 3, prefixed: 4 } as const;
const permissionIds = { deny: 2, allow: 3 } as const;
const alterCluster: NeededAccess = { operation: 'alter', resourceType: 'cluster', resourceName: 'kafka-cluster' };

interface AclAnswer {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

export async function describeSomeAcls(cluster: Cluster, filter: AclFilter, bounds: CallBounds): Promise<AclBinding[]> {
  const response = await onAny(cluster, bounds, async (connection, timeoutMs) => {
    const answer = await connection.request(describeAcls, filterDraft(filter), { timeoutMs });
    throwIfFailed(answer, 'describe ACLs', { ...alterCluster, operation: 'describe' });
    return answer;
  });
  return response.resources.flatMap(({ acls, ...resource }) => acls.map((acl) => bindingOf({ ...resource, ...acl })));
}

export async function createSomeAcls(
  cluster: Cluster,
  acls: readonly AclBinding[],
  bounds: CallBounds,
): Promise<ItemResult<AclBinding>[]> {
  const creations = acls.map((acl) => ({
    resourceType: resourceTypeIds[acl.resourceType],
    resourceName: acl.resourceName,
    resourcePatternType: patternIds[acl.patternType],
    principal: acl.principal,
    host: acl.host,
    operation: operationIds[acl.operation],
    permissionType: permissionIds[acl.permission],
  }));
  const { results } = await onController(cluster, bounds, (connection, timeoutMs) =>
    connection.request(createAcls, { creations }, { timeoutMs }),
  );
  return itemResults(
    acls,
    (_, place) => results[place],
    ({ principal, resourceType, resourceName }) => `create an ACL of ${principal} on ${resourceType} ${resourceName}`,
    () => ({}),
    () => alterCluster,
  );
}

export async function deleteSomeAcls(
  cluster: Cluster,
  filters: readonly AclFilter[],
  bounds: CallBounds,
): Promise<ItemResult<{ readonly filter: AclFilter }, { readonly deleted: readonly ItemResult<AclBinding>[] }>[]> {
  const draft = { filters: filters.map(filterDraft) };
  const { filterResults } = await onController(cluster, bounds, (connection, timeoutMs) =>
    connection.request(deleteAcls, draft, { timeoutMs }),
  );
  return itemResults(
    filters.map((filter) => ({ filter })),
    (_, place) => filterResults[place],
    () => 'delete ACLs',
    ({ matchingAcls }) => ({
      deleted: matchingAcls.map((acl) => ({
        ...bindingOf(acl),
        ...(acl.errorCode === 0 ? {} : { error: answerError(acl.errorCode, 'delete an ACL', acl.errorMessage) }),
      })),
    }),
    () => alterCluster,
  );
}

function filterDraft(filter: AclFilter) {
  const { resourceType, resourceName, patternType, principal, host, operation, permission } = filter;
  return {
    resourceTypeFilter: resourceType === undefined ? any : resourceTypeIds[resourceType],
    resourceNameFilter: resourceName ?? null,
    patternTypeFilter: patternIds[patternType ?? 'any'],
    principalFilter: principal ?? null,
    hostFilter: host ?? null,
    operation: operation === undefined ? any : operationIds[operation],
    permissionType: permission === undefined ? any : permissionIds[permission],
  };
}

function bindingOf(acl: AclAnswer): AclBinding {
  return {
    resourceType: wordOf<AclResourceType>(resourceTypeIds, acl.resourceType),
    resourceName: acl.resourceName,
    patternType: acl.patternType === patternIds.prefixed ? 'prefixed' : 'literal',
    principal: acl.principal,
    host: acl.host,
    operation: wordOf<AclOperation>(operationIds, acl.operation),
    permission: acl.permissionType === permissionIds.deny ? 'deny' : 'allow',
  };
}

/** The word of a number; one that is newer than this client stands for itself. */
function wordOf<Word extends string>(ids: Readonly<Record<Word, number>>, id: number): Word {
  const words = Object.keys(ids) as Word[];
  return words.find((word) => ids[word] === id) ?? (`unknown-${id}` as Word);
}
