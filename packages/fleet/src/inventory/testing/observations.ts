/** Looks at a cluster that never was, for tests of what is made of them. */
import type { ObservedGroup } from '../inventory.ts';
import type { ClusterShape, Observation, TopicShape } from '../observe/observation.ts';

export interface TopicPlan {
  /** End offsets by partition. */
  readonly ends: readonly number[];
  readonly id?: string | undefined;
  readonly replicas?: readonly number[] | undefined;
  readonly inSync?: readonly number[] | undefined;
  readonly configs?: Readonly<Record<string, string>> | undefined;
  /** On disk, of all replicas and of leaders. */
  readonly bytes?: { readonly stored: number; readonly leaders: number } | undefined;
}

export interface LookPlan {
  /** Monotonic ms; wall-clock time is 1,000,000 later. */
  readonly at: number;
  readonly topics: Readonly<Record<string, TopicPlan>>;
  readonly groups?: readonly ObservedGroup[] | undefined;
  /** Brokers that did not answer; there are 1, 2 and 3. */
  readonly silent?: readonly number[] | undefined;
  readonly more?: Partial<Observation> | undefined;
}

export const wallOffsetMs = 1_000_000;
const brokers = [1, 2, 3].map((nodeId) => ({ nodeId, host: 'kafka', port: 9_090 + nodeId, rack: null }));

export function shape(topics: LookPlan['topics']): ClusterShape {
  const shapes = Object.entries(topics).map(([name, plan]): [string, TopicShape] => {
    const { ends, id = `id-${name}`, replicas = [1, 2] } = plan;
    const partitions = ends.map((_, partition) => {
      const inSyncReplicas = plan.inSync ?? replicas;
      return { partition, leader: replicas[0] ?? -1, leaderEpoch: 0, replicas, inSyncReplicas, offlineReplicas: [] };
    });
    return [name, { name, topicId: id, internal: false, partitions }];
  });
  return { clusterId: 'cluster', controllerId: 1, brokers, topics: new Map(shapes) };
}

export function observation({ at, topics, groups = [], silent = [], more }: LookPlan): Observation {
  const answering = brokers.filter(({ nodeId }) => !silent.includes(nodeId));
  const entries = Object.entries(topics);
  const told = entries.flatMap(([name, { configs }]) => (configs === undefined ? [] : [[name, configs] as const]));
  return {
    shape: shape(topics),
    at,
    wallAt: at + wallOffsetMs,
    newestRecords: new Map(),
    endOffsets: new Map(entries.map(([name, { ends }]) => [name, ends])),
    sizes: {
      brokers: new Map(answering.map(({ nodeId }) => [nodeId, { logBytes: 1, totalBytes: 2, usableBytes: 1 }])),
      topics: new Map(entries.flatMap(([name, { bytes }]) => (bytes === undefined ? [] : [[name, { ...bytes }]]))),
    },
    groups: new Map(groups.map((group) => [group.group, group])),
    configs: new Map(told),
    brokerConfigs: new Map(),
    transactionalIds: new Map(),
    producers: [],
    access: undefined,
    problems: new Map(silent.map((nodeId) => [nodeId, 'it is silent'])),
    ...more,
  };
}

export function group(
  name: string,
  offsets: Readonly<Record<string, readonly number[]>>,
  assigned: Readonly<Record<string, readonly number[]>> = {},
): ObservedGroup {
  const member = { memberId: 'm', instanceId: null, clientId: 'c', clientHost: '/10.0.0.1' };
  const isEmpty = Object.keys(assigned).length === 0;
  return {
    group: name,
    protocolType: 'consumer',
    state: isEmpty ? 'Empty' : 'Stable',
    type: 'classic',
    coordinator: 1,
    protocol: 'range',
    members: isEmpty ? [] : [{ ...member, assignment: new Map(Object.entries(assigned)) }],
    offsets: new Map(Object.entries(offsets)),
  };
}
