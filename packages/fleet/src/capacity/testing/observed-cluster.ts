/** Clusters as an inventory might have seen them, for tests. */
import type { ObservedCluster, ObservedTopic } from '../../inventory/inventory.ts';

export interface SeenTopic {
  readonly name: string;
  readonly partitions?: number | undefined;
  readonly replicas?: number | undefined;
  readonly configs?: Readonly<Record<string, string>> | undefined;
  readonly storedBytes?: number | undefined;
  readonly recordsPerSecond?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
}

export interface SeenCluster {
  readonly brokers?: number | undefined;
  readonly topics?: readonly SeenTopic[] | undefined;
  /** Of each broker. */
  readonly logBytes?: readonly number[] | undefined;
  readonly diskTotalBytes?: number | undefined;
  readonly diskUsableBytes?: number | undefined;
}

export function observedCluster(name: string, seen: SeenCluster = {}): ObservedCluster {
  const { brokers = 3, topics = [], logBytes = [], diskTotalBytes, diskUsableBytes } = seen;
  return {
    name,
    observedAt: new Date(0),
    stale: false,
    clusterId: name,
    controllerId: 0,
    brokers: Array.from({ length: brokers }, (_, nodeId) => {
      const disk = { diskTotalBytes, diskUsableBytes, logBytes: logBytes[nodeId] };
      return { nodeId, host: '127.0.0.1', port: 9092 + nodeId, rack: null, replicas: 0, leads: 0, ...disk };
    }),
    topics: new Map(topics.map((topic) => [topic.name, observedTopic(topic, brokers)])),
    groups: new Map(),
    producers: new Map(),
  };
}

function observedTopic(topic: SeenTopic, brokers: number): ObservedTopic {
  const { name, partitions = 1, replicas = 1, configs = {}, ...measured } = topic;
  return {
    name,
    topicId: name,
    internal: false,
    configs,
    seenSince: 0,
    ...measured,
    partitions: Array.from({ length: partitions }, (_, partition) => {
      const ids = Array.from({ length: replicas }, (_, index) => (partition + index) % brokers);
      return {
        partition,
        leader: ids[0] ?? 0,
        leaderEpoch: 0,
        replicas: ids,
        inSyncReplicas: ids,
        offlineReplicas: [],
      };
    }),
  };
}
