/** Which of a cluster's brokers coordinates a group or a transactional id. */
import { assert } from '@millrace/base';
import type { BrokerEndpoint } from '../broker-endpoint.ts';

/**
 * The endpoint that coordinates `key`, of those that run: the one for which key and node id together hash highest, so
 * that only what a stopped broker coordinated moves, and returns with it.
 */
export function coordinatorOf(endpoints: readonly BrokerEndpoint[], key: string): BrokerEndpoint {
  const keyHash = hashOf(key);
  let highest = -1;
  let found: BrokerEndpoint | undefined;
  for (const endpoint of endpoints) {
    const weight = mixed(keyHash, endpoint.nodeId);
    if (weight <= highest) continue;
    highest = weight;
    found = endpoint;
  }
  assert(found !== undefined, 'a broker runs while requests come');
  return found;
}

/** Whether requests about `key` belong to this endpoint; others answer NOT_COORDINATOR. */
export function coordinates(endpoint: BrokerEndpoint, key: string): boolean {
  const { endpoints } = endpoint.cluster;
  return endpoints.length > 0 && coordinatorOf(endpoints, key).nodeId === endpoint.nodeId;
}

/** As `coordinates`; no group has an empty id, and any broker may say so. */
export function coordinatesGroup(endpoint: BrokerEndpoint, groupId: string): boolean {
  return groupId === '' || coordinates(endpoint, groupId);
}

/** 32 bits that all depend on both numbers, by the finalizer of MurmurHash3. */
function mixed(hash: number, nodeId: number): number {
  let bits = hash ^ Math.imul(nodeId + 1, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** FNV-1a over UTF-16 code units, 32 bits. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
