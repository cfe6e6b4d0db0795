/** The question every handler asks before it acts for somebody. */
import type { RequestContext } from '../handler.ts';
import { operationNumbers } from './acl/acl.ts';
import type { Principal } from './principal.ts';

export type ResourceType = 'Topic' | 'Group' | 'Cluster' | 'TransactionalId' | 'DelegationToken' | 'User';

export type Operation =
  | 'Read'
  | 'Write'
  | 'Create'
  | 'Delete'
  | 'Alter'
  | 'Describe'
  | 'ClusterAction'
  | 'DescribeConfigs'
  | 'AlterConfigs'
  | 'IdempotentWrite'
  | 'CreateTokens'
  | 'DescribeTokens'
  | 'TwoPhaseCommit';

/** The one resource of type Cluster. */
export const clusterResource = 'kafka-cluster';

/** Decides who may do what. */
export interface Authorizer {
  /** `host` is the peer's address without port. */
  allows(principal: Principal, host: string, operation: Operation, type: ResourceType, name: string): boolean;
  /** Whether it is allowed for at least one resource of the type (KIP-679). */
  allowsAny(principal: Principal, host: string, operation: Operation, type: ResourceType): boolean;
}

/** Whether the request's principal may do this. Without an authorizer everybody may do everything, as in Kafka. */
export function allows(context: RequestContext, operation: Operation, type: ResourceType, name: string): boolean {
  const { authorizer } = context.broker.cluster;
  return authorizer?.allows(context.principal, context.clientHost, operation, type, name) ?? true;
}

/** Whether the request's principal may do this to at least one resource of the type. */
export function allowsAny(context: RequestContext, operation: Operation, type: ResourceType): boolean {
  const { authorizer } = context.broker.cluster;
  return authorizer?.allowsAny(context.principal, context.clientHost, operation, type) ?? true;
}

const operationsOf = {
  Topic: ['Read', 'Write', 'Create', 'Describe', 'Delete', 'Alter', 'DescribeConfigs', 'AlterConfigs'],
  Group: ['Read', 'Describe', 'Delete', 'DescribeConfigs', 'AlterConfigs'],
  Cluster: ['Create', 'ClusterAction', 'DescribeConfigs', 'AlterConfigs', 'IdempotentWrite', 'Alter', 'Describe'],
} as const satisfies Partial<Record<ResourceType, readonly Operation[]>>;

/** What the request's principal may do to a resource: a bit for each operation, at the operation's number (KIP-430). */
export function authorizedOperations(context: RequestContext, type: keyof typeof operationsOf, name: string): number {
  let bits = 0;
  for (const operation of operationsOf[type]) {
    if (allows(context, operation, type, name)) bits |= 1 << operationNumbers[operation];
  }
  return bits;
}
