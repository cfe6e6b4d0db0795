/** Which of a cluster's brokers coordinates a group or a transactional id. */
import { assert } from '@millrace/base';
import type { BrokerEndpoint } from '../broker-endpoint.ts';

/** The endpoint that coordinates `key`: always the same one as long as the cluster has the same number of brokers. */
export function coordinatorOf(endpoints: readonly BrokerEndpoint[], key: string): BrokerEndpoint {
  const endpoint = endpoints[hashOf(key) % endpoints.length];
  assert(endpoint !== undefined, 'a cluster has a broker');
  return endpoint;
}

/** Whether requests about `key` belong to this endpoint; others answer NOT_COORDINATOR. */
export function coordinates(endpoint: BrokerEndpoint, key: string): boolean {
  return coordinatorOf(endpoint.cluster.endpoints, key).nodeId === endpoint.nodeId;
}

/** FNV-1a over UTF-16 code units, 32 bits. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
