/** Requests of operators, and of clients about themselves, that mean something to a broker; as seeds. */
import { unsignedToken } from '@millrace/client/testing/unsigned-token';
import {
  type Api,
  alterClientQuotas,
  alterUserScramCredentials,
  createAcls,
  deleteAcls,
  describeAcls,
  describeClientQuotas,
  describeUserScramCredentials,
  getTelemetrySubscriptions,
  pushTelemetry,
  type RequestDraft,
  saslAuthenticate,
  saslHandshake,
  updateFeatures,
} from '@millrace/wire';

/** Takes a request at several versions. */
export type Add = <A extends Api>(api: A, draft: RequestDraft<A>) => void;

export const anyId = 'AAAAAAAAAAAAAAAAAAAAAA';

/** Of security, quotas, features and clients' metrics. */
export function addOperations(add: Add): void {
  const filter = { resourceTypeFilter: 2, resourceNameFilter: 'plain', patternTypeFilter: 3 };
  const who = { principalFilter: 'User:alice', hostFilter: '*', operation: 1, permissionType: 1 };
  const acl = { resourceType: 2, resourceName: 'pl', resourcePatternType: 4 };
  const grant = { principal: 'User:alice', host: '*', operation: 2, permissionType: 3 };
  add(createAcls, { creations: [{ ...acl, ...grant }] });
  add(describeAcls, { ...filter, ...who });
  add(deleteAcls, { filters: [{ ...filter, ...who }] });
  const entity = [{ entityType: 'user', entityName: 'alice' }];
  const ops = [{ key: 'producer_byte_rate', value: 1e6, remove: false }];
  add(alterClientQuotas, { entries: [{ entity, ops }], validateOnly: false });
  add(describeClientQuotas, { components: [{ entityType: 'user', matchType: 0, match: 'alice' }], strict: false });
  add(alterUserScramCredentials, {
    deletions: [{ name: 'bob', mechanism: 1 }],
    upsertions: [
      { name: 'carol', mechanism: 2, iterations: 4096, salt: Buffer.from('salt'), saltedPassword: Buffer.alloc(64, 1) },
    ],
  });
  add(describeUserScramCredentials, { users: [{ name: 'alice' }] });
  const feature = { feature: 'transaction.version', maxVersionLevel: 1, allowDowngrade: true, upgradeType: 2 };
  add(updateFeatures, { featureUpdates: [feature], validateOnly: false });
  add(getTelemetrySubscriptions, { clientInstanceId: anyId });
  const metrics = Buffer.from('0a0a12081206 0a04 74657374'.replaceAll(' ', ''), 'hex');
  const pushed = { clientInstanceId: 'AAAAAAAAAAAAAAAAAAAABQ', subscriptionId: 0, terminating: true };
  add(pushTelemetry, { ...pushed, compressionType: 0, metrics });
  add(saslHandshake, { mechanism: 'PLAIN' });
  add(saslAuthenticate, { authBytes: Buffer.from('\0alice\0alice-secret') });
}

/** A bearer token for alice, the same in every run. */
export function aliceToken(): string {
  return unsignedToken({ sub: 'alice', iat: 1_600_000_000, exp: 2_000_000_000 });
}
