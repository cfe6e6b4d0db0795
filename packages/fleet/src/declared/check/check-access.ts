/** ACLs and quotas: what Kafka can grant on what, and whom it can bound in what. */
import type { Acl, Quota } from '@millrace/api/declared';
import { nearest } from '@millrace/base';
import type { AclOperation, AclResourceType } from '@millrace/client';
import type { Complain } from './finding.ts';

/** What can be granted on what (Kafka's `AclEntry.supportedOperations`); `all` goes with each. */
const operationsOn: Readonly<Record<AclResourceType, readonly AclOperation[]>> = {
  topic: ['read', 'write', 'create', 'delete', 'alter', 'describe', 'describe-configs', 'alter-configs'],
  group: ['read', 'delete', 'describe', 'describe-configs', 'alter-configs'],
  cluster: ['create', 'cluster-action', 'alter', 'describe', 'describe-configs', 'alter-configs', 'idempotent-write'],
  'transactional-id': ['describe', 'write', 'two-phase-commit'],
  'delegation-token': ['describe'],
  user: ['create-tokens', 'describe-tokens'],
};

export function checkAcl(acl: Acl, complain: Complain): void {
  const type = Object.hasOwn(operationsOn, acl.resourceType) ? (acl.resourceType as AclResourceType) : undefined;
  if (type === undefined) complain(['resourceType'], unknownWord(acl.resourceType, Object.keys(operationsOn)));
  else {
    const operations = [...operationsOn[type], 'all'];
    if (!operations.includes(acl.operation)) complain(['operation'], unknownWord(acl.operation, operations, type));
  }
  if (type === 'cluster' && acl.resourceName !== 'kafka-cluster' && acl.resourceName !== '*') {
    complain(['resourceName'], 'must be kafka-cluster: a cluster has no other name here');
  }
  if (!/^[^:\s]+:.+$/.test(acl.principal)) complain(['principal'], 'must be TYPE:NAME, for example User:orders');
  if (acl.host !== undefined && acl.host !== '*' && !/^[\d.]+$|^[\da-fA-F:.]*:[\da-fA-F:.]*$/.test(acl.host)) {
    complain(['host'], 'must be an address or *: Kafka compares no names of hosts');
  }
}

function unknownWord(word: string, words: readonly string[], type?: string): string {
  const meant = nearest(word, words);
  const where =
    type === undefined ? 'is not known' : `${JSON.stringify(word)} is nothing that can be done to a ${type}`;
  return `${where}; ${meant === undefined ? `there are ${words.join(', ')}` : `did you mean ${meant}?`}`;
}

const clientLimits = ['producer_byte_rate', 'consumer_byte_rate', 'request_percentage', 'controller_mutation_rate'];
const addressLimits = ['connection_creation_rate'];

export function checkQuota(quota: Quota, complain: Complain): void {
  const { user, clientId, ip, limits } = quota;
  if (user === undefined && clientId === undefined && ip === undefined) {
    complain([], 'is for nobody: give user, clientId or both, or ip');
  }
  if (ip !== undefined && (user !== undefined || clientId !== undefined)) {
    complain(['ip'], 'goes with neither user nor clientId: Kafka bounds connections by address alone');
  }
  const words = ip === undefined ? clientLimits : addressLimits;
  for (const name of Object.keys(limits)) {
    if (!words.includes(name)) complain(['limits', name], unknownWord(name, words));
  }
  if (Object.keys(limits).length === 0) complain(['limits'], 'must hold a limit');
}
