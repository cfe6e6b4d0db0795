/** The question every handler asks before it acts for somebody. */
import type { RequestContext } from '../handler.ts';
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
}

/** Whether the request's principal may do this. Without an authorizer everybody may do everything, as in Kafka. */
export function allows(context: RequestContext, operation: Operation, type: ResourceType, name: string): boolean {
  const { authorizer } = context.broker.cluster;
  return authorizer?.allows(context.principal, context.clientHost, operation, type, name) ?? true;
}
