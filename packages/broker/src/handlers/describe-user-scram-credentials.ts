/** DescribeUserScramCredentials, version 0. No users, or null, means all of them. */
import {
  describeUserScramCredentials as describeUserScramCredentialsApi,
  errorCodes,
  type ResponseDraft,
} from '@millrace/wire';
import type { Handler } from '../handler.ts';
import { allows, clusterResource } from '../security/authorization.ts';
import type { ScramCredentials } from '../security/scram-credentials.ts';
import { scramMechanismNumbers } from '../security/scram-mechanism-numbers.ts';

type ResultDraft = ResponseDraft<typeof describeUserScramCredentialsApi>['results'][number];

export const describeUserScramCredentials: Handler<typeof describeUserScramCredentialsApi> = {
  api: describeUserScramCredentialsApi,

  handle({ users }, context) {
    if (!allows(context, 'Describe', 'Cluster', clusterResource)) {
      return { errorCode: errorCodes.CLUSTER_AUTHORIZATION_FAILED, errorMessage: null, results: [] };
    }
    const { scram } = context.broker.cluster.security;
    const named = users?.map(({ name }) => name) ?? [];
    const wanted = named.length === 0 ? [...scram.users] : [...new Set(named)];
    const counts = new Map<string, number>();
    for (const user of named) counts.set(user, (counts.get(user) ?? 0) + 1);
    const results = wanted.map((user) => describe(scram, user, (counts.get(user) ?? 0) > 1));
    return { errorCode: errorCodes.NONE, errorMessage: null, results };
  },
};

function describe(scram: ScramCredentials, user: string, isTwice: boolean): ResultDraft {
  const refused = (errorCode: number, errorMessage: string): ResultDraft => {
    return { user, errorCode, errorMessage, credentialInfos: [] };
  };
  if (isTwice) {
    const what = `Cannot describe SCRAM credentials for the same user twice in a single request: ${user}`;
    return refused(errorCodes.DUPLICATE_RESOURCE, what);
  }
  const credentials = scram.allOf(user);
  if (credentials === undefined) {
    const what = `Attempt to describe a user credential that does not exist: ${user}`;
    return refused(errorCodes.RESOURCE_NOT_FOUND, what);
  }
  const credentialInfos = [...credentials].map(([mechanism, { iterations }]) => {
    return { mechanism: scramMechanismNumbers[mechanism], iterations };
  });
  return { user, errorCode: errorCodes.NONE, errorMessage: null, credentialInfos };
}
