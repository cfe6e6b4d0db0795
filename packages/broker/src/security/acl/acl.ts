/**
 * Access control entries, and the protocol's numbers for what they are made of. Numbers as in Kafka's `ResourceType`,
 * `PatternType`, `AclOperation` and `AclPermissionType`.
 */
import type { Operation, ResourceType } from '../authorization.ts';

/** What an entry allows or denies to whom. */
export interface Acl {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  /** `Type:name`; `User:*` is everybody. */
  readonly principal: string;
  /** An address, or `*`. */
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

export const resourceTypeNumbers: Readonly<Record<ResourceType, number>> = {
  Topic: 2,
  Group: 3,
  Cluster: 4,
  TransactionalId: 5,
  DelegationToken: 6,
  User: 7,
};

export const operationNumbers: Readonly<Record<Operation, number>> = {
  Read: 3,
  Write: 4,
  Create: 5,
  Delete: 6,
  Alter: 7,
  Describe: 8,
  ClusterAction: 9,
  DescribeConfigs: 10,
  AlterConfigs: 11,
  IdempotentWrite: 12,
  CreateTokens: 13,
  DescribeTokens: 14,
  TwoPhaseCommit: 15,
};

/** In filters: anything. */
export const any = 1;
/** As an operation of an entry: every one. */
export const allOperations = 2;
export const patternTypes = { any, match: 2, literal: 3, prefixed: 4 } as const;
export const permissions = { any, deny: 2, allow: 3 } as const;

/** As a literal name: all resources of the type; as a host: every one. */
export const wildcard = '*';
export const everybody = 'User:*';

const resourceTypeMax = 7;
const operationMax = 15;

export function isResourceType(number: number): boolean {
  return number > any && number <= resourceTypeMax;
}

export function isOperation(number: number): boolean {
  return number > any && number <= operationMax;
}

/** Two entries are the same when their keys are. */
export function aclKey(acl: Acl): string {
  const { resourceType, resourceName, patternType, principal, host, operation, permissionType } = acl;
  return JSON.stringify([resourceType, patternType, resourceName, principal, host, operation, permissionType]);
}
