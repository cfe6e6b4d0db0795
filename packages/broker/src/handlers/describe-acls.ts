/** DescribeAcls, versions 1 to 3. */
import { describeAcls as describeAclsApi, errorCodes, type ResponseDraft } from '@millrace/wire';
import type { Handler } from '../handler.ts';
import type { Acl } from '../security/acl/acl.ts';
import { aclFilter, filterProblem } from '../security/acl/acl-filter.ts';
import { allows, clusterResource } from '../security/authorization.ts';
import { aclsDisabled } from './create-acls.ts';

type ResourceDraft = ResponseDraft<typeof describeAclsApi>['resources'][number];

export const describeAcls: Handler<typeof describeAclsApi> = {
  api: describeAclsApi,

  handle(request, context) {
    const { security, authorizer } = context.broker.cluster;
    const refused = (errorCode: number, errorMessage: string | null) => ({ errorCode, errorMessage, resources: [] });
    if (!allows(context, 'Describe', 'Cluster', clusterResource)) {
      return refused(errorCodes.CLUSTER_AUTHORIZATION_FAILED, null);
    }
    if (authorizer === undefined) return refused(aclsDisabled.errorCode, aclsDisabled.message);
    const filter = aclFilter(request);
    // As by Apache Kafka, what nobody knows is asked for in vain.
    const found = filterProblem(filter) === undefined ? security.acls.find(filter) : [];
    return { errorCode: errorCodes.NONE, errorMessage: null, resources: byResource(found) };
  },
};

function byResource(acls: readonly Acl[]): ResourceDraft[] {
  const resources = new Map<string, ResourceDraft & { acls: Acl[] }>();
  for (const acl of acls) {
    const { resourceType, resourceName, patternType } = acl;
    const key = `${resourceType} ${patternType} ${resourceName}`;
    const known = resources.get(key);
    if (known === undefined) resources.set(key, { resourceType, resourceName, patternType, acls: [acl] });
    else known.acls.push(acl);
  }
  return [...resources.values()];
}
