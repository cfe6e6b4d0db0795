/** What is known of a cluster, out of the sections that were stored. Pure. */
import type { ObservedBroker, ObservedGroup, ObservedTopic } from '../inventory.ts';
import { type KnownCluster, unknownCluster } from '../state/known-cluster.ts';
import { groupOf, type Sections, topicShapeOf } from './sections.ts';

/** What is stored of a cluster beside its sections. */
export interface StoredState {
  readonly name: string;
  readonly observedAt: Date | null;
  readonly problem: string | null;
}

/** Without a shape nothing is known. */
export function restore(state: StoredState, sections: Partial<Sections>): KnownCluster {
  const { name, observedAt, problem } = state;
  const unknown = unknownCluster(name);
  const { shape, access } = sections;
  const known = problem === null ? {} : { problem };
  if (shape === undefined || observedAt === null) {
    return { ...unknown, observed: { ...unknown.observed, ...known } };
  }
  const shapes = new Map(shape.topics.map((row) => [row[0], topicShapeOf(row)]));
  const { bootstrap, clusterId, controllerId } = shape;
  return {
    ...unknown,
    shape: { clusterId, controllerId, brokers: shape.brokers, topics: shapes },
    observed: {
      ...unknown.observed,
      ...known,
      observedAt,
      stale: problem !== null,
      bootstrap,
      clusterId,
      controllerId,
      brokers: brokersOf(shape, sections),
      topics: topicsOf(shapes, observedAt, sections),
      groups: groupsOf(sections),
      acls: access?.acls,
      quotas: access?.quotas,
      producers: new Map(sections.figures?.producers ?? []),
    },
  };
}

function brokersOf(shape: Sections['shape'], { configs, figures }: Partial<Sections>): ObservedBroker[] {
  const settings = new Map(configs?.brokers ?? []);
  return shape.brokers.map((node, index) => ({
    replicas: 0,
    leads: 0,
    ...figures?.brokers[index],
    ...node,
    configs: settings.get(node.nodeId),
  }));
}

function topicsOf(
  shapes: NonNullable<KnownCluster['shape']>['topics'],
  observedAt: Date,
  { configs, figures }: Partial<Sections>,
): Map<string, ObservedTopic> {
  const settings = new Map(configs?.topics ?? []);
  const byName = new Map(figures?.topics.map((topic) => [topic.name, topic]) ?? []);
  const topics = new Map<string, ObservedTopic>();
  for (const [name, shape] of shapes) {
    const own = byName.get(name);
    topics.set(name, {
      ...shape,
      configs: settings.get(name) ?? {},
      storedBytes: own?.bytes,
      recordsPerSecond: own?.rate,
      bytesPerSecond: own?.byteRate,
      endOffsets: own?.ends,
      seenSince: own?.since ?? observedAt.getTime(),
      trafficAt: own?.traffic,
      newestRecordAt: own?.newest,
      consumedAt: own?.consumed,
    });
  }
  return topics;
}

function groupsOf({ groups, figures }: Partial<Sections>): Map<string, ObservedGroup> {
  const byName = new Map(figures?.groups.map((group) => [group[0], group]) ?? []);
  return new Map(
    groups?.map((row) => {
      const [, lag, offsets] = byName.get(row.group) ?? [];
      return [row.group, { ...groupOf(row), offsets: new Map(offsets), lag: lag ?? undefined }];
    }) ?? [],
  );
}
