/** The topic that a request is about, where that is declared already. */
import type { ProblemIssue } from '@millrace/api';
import type { Topic } from '@millrace/api/declared';
import { nearest } from '@millrace/base';
import { Calculation } from '../../capacity/calculation.ts';
import { demandOf } from '../../capacity/existing-topic.ts';
import type { DraftedTopic } from './draft.ts';
import type { FleetPicture } from './fleet-picture.ts';

/** With issues, the topic that is answered is none. */
export function ownTopic(
  { topic: name, cluster }: { readonly topic: string; readonly cluster: string },
  picture: FleetPicture,
): { readonly topic: Topic; readonly issues: readonly ProblemIssue[] } {
  const topic = picture.topic(cluster, name);
  if (topic !== undefined) return { topic, issues: [] };
  const none = { name, cluster, partitions: 1 };
  if (picture.cluster(cluster) === undefined) {
    const names = picture.clusters.map((each) => each.name);
    return { topic: none, issues: [{ field: '/asked/cluster', message: missing(cluster, 'clusters', names) }] };
  }
  if (picture.observed(cluster)?.topics.has(name)) {
    const message = `is on ${cluster} and not declared; declare it with its owner first (fleet export, fleet apply)`;
    return { topic: none, issues: [{ field: '/asked/topic', message }] };
  }
  const names = picture.topics.filter((each) => each.cluster === cluster).map((each) => each.name);
  return { topic: none, issues: [{ field: '/asked/topic', message: missing(name, `topics of ${cluster}`, names) }] };
}

export function environmentOf(cluster: string, picture: FleetPicture): string {
  return picture.cluster(cluster)?.environment ?? '';
}

/** As it is; callers put in what would be otherwise. */
export function draftedTopic(topic: Topic, picture: FleetPicture): DraftedTopic {
  const existing = picture.existingTopic(topic.cluster, topic.name);
  const { demand } = demandOf(
    existing ?? { name: topic.name, declared: topic, readers: 0, mirrors: 0 },
    new Calculation('silent'),
  );
  return {
    name: topic.name,
    owner: topic.owner,
    environment: environmentOf(topic.cluster, picture),
    description: topic.description ?? '',
    dataClass: topic.dataClass ?? '',
    partitions: demand.partitions.value,
    partitionsBefore: demand.partitions.value,
    replicas: demand.replicas.value,
    configs: { ...existing?.observed?.configs, ...topic.configs },
    recordsPerSecond: Math.max(topic.expected?.recordsPerSecond ?? 0, existing?.observed?.recordsPerSecond ?? 0),
    recordBytes: demand.recordBytes.value,
    bytesPerSecond: demand.bytesIn.value,
    consumers: demand.consumers.value,
    losesRecords: false,
  };
}

function missing(name: string, list: string, names: readonly string[]): string {
  const meant = nearest(name, names);
  const advice = meant === undefined ? '' : `; did you mean ${meant}?`;
  return `names ${JSON.stringify(name)}, which is not among the ${list}${advice}`;
}
