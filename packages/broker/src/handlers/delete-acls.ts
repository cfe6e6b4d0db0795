/** DeleteAcls, versions 1 to 3. */
import { deleteAcls as deleteAclsApi, errorCodes, type ResponseDraft } from '@millrace/wire';
import type { Handler } from '../handler.ts';
import type { Acl } from '../security/acl/acl.ts';
import { aclFilter, filterProblem } from '../security/acl/acl-filter.ts';
import { allows, clusterResource } from '../security/authorization.ts';
import { refusalOfStorage } from '../storage-failure.ts';
import { aclsDisabled } from './create-acls.ts';

type ResultDraft = ResponseDraft<typeof deleteAclsApi>['filterResults'][number];

export const deleteAcls: Handler<typeof deleteAclsApi> = {
  api: deleteAclsApi,

  async handle(request, context) {
    const { security, authorizer } = context.broker.cluster;
    const refused = (errorCode: number, errorMessage: string | null): ResultDraft => {
      return { errorCode, errorMessage, matchingAcls: [] };
    };
    const all = (result: ResultDraft) => ({ filterResults: request.filters.map(() => result) });
    if (!allows(context, 'Alter', 'Cluster', clusterResource)) {
      return all(refused(errorCodes.CLUSTER_AUTHORIZATION_FAILED, null));
    }
    if (authorizer === undefined) return all(refused(aclsDisabled.errorCode, aclsDisabled.message));
    const deleted = new Set<Acl>();
    const filterResults = request.filters.map((asked): ResultDraft => {
      const filter = aclFilter(asked);
      const problem = filterProblem(filter);
      if (problem !== undefined) return refused(errorCodes.INVALID_REQUEST, problem);
      const matching = security.acls.find(filter);
      for (const acl of matching) deleted.add(acl);
      const matchingAcls = matching.map((acl) => ({ errorCode: errorCodes.NONE, errorMessage: null, ...acl }));
      return { errorCode: errorCodes.NONE, errorMessage: null, matchingAcls };
    });
    const failure = await refusalOfStorage(() => security.acls.delete(deleted));
    return failure === undefined ? { filterResults } : all(refused(failure.errorCode, failure.message));
  },
};
