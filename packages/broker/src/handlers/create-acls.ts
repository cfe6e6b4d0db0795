/** CreateAcls, versions 1 to 3. An entry that is there already is created once more without effect. */
import { createAcls as createAclsApi, errorCodes, type RequestOf, type ResponseDraft } from '@millrace/wire';
import type { Handler } from '../handler.ts';
import {
  type Acl,
  isOperation,
  isResourceType,
  patternTypes,
  permissions,
  resourceTypeNumbers,
} from '../security/acl/acl.ts';
import { allows, clusterResource } from '../security/authorization.ts';
import { parsePrincipal } from '../security/principal.ts';
import { type Refusal, refusalOfStorage } from '../storage-failure.ts';

type Creation = RequestOf<typeof createAclsApi>['creations'][number];
type ResultDraft = ResponseDraft<typeof createAclsApi>['results'][number];

/** What those who ask about entries learn where none are enforced. */
export const aclsDisabled: Refusal = {
  errorCode: errorCodes.SECURITY_DISABLED,
  message: 'No Authorizer is configured.',
};

export const createAcls: Handler<typeof createAclsApi> = {
  api: createAclsApi,

  async handle({ creations }, context) {
    const { security, authorizer } = context.broker.cluster;
    const all = (errorCode: number, errorMessage: string | null) => {
      return { results: creations.map(() => ({ errorCode, errorMessage })) };
    };
    if (!allows(context, 'Alter', 'Cluster', clusterResource)) {
      return all(errorCodes.CLUSTER_AUTHORIZATION_FAILED, null);
    }
    if (authorizer === undefined) return all(aclsDisabled.errorCode, aclsDisabled.message);
    const results = creations.map(async (creation): Promise<ResultDraft> => {
      const problem = creationProblem(creation);
      if (problem !== undefined) return { errorCode: errorCodes.INVALID_REQUEST, errorMessage: problem };
      const failure = await refusalOfStorage(() => security.acls.create([aclOf(creation)]));
      return { errorCode: failure?.errorCode ?? errorCodes.NONE, errorMessage: failure?.message ?? null };
    });
    return { results: await Promise.all(results) };
  },
};

function aclOf(creation: Creation): Acl {
  const { resourceType, resourceName, resourcePatternType, principal, host, operation, permissionType } = creation;
  return { resourceType, resourceName, patternType: resourcePatternType, principal, host, operation, permissionType };
}

function creationProblem(creation: Creation): string | undefined {
  const { resourceType, resourceName, resourcePatternType, principal, host, operation, permissionType } = creation;
  if (!isResourceType(resourceType)) return `Invalid resourceType ${resourceType}`;
  if (resourcePatternType !== patternTypes.literal && resourcePatternType !== patternTypes.prefixed) {
    return `Invalid patternType ${resourcePatternType}`;
  }
  if (!isOperation(operation)) return `Invalid operation ${operation}`;
  if (permissionType !== permissions.deny && permissionType !== permissions.allow) {
    return `Invalid permissionType ${permissionType}`;
  }
  if (resourceType === resourceTypeNumbers.Cluster && resourceName !== clusterResource) {
    return `The only valid name for the CLUSTER resource is ${clusterResource}`;
  }
  if (resourceName === '') return 'Invalid empty resource name';
  if (host === '') return 'Invalid empty host';
  if (parsePrincipal(principal) === undefined) {
    const why = 'no colon is present separating the principal type from the principal name';
    return `Could not parse principal from \`${principal}\` (${why})`;
  }
  return undefined;
}
