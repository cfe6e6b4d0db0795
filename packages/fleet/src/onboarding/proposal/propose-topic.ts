/** A new topic with its applications, copies, twins and schemas. */
import type { ProblemIssue } from '@millrace/api';
import type { Topic } from '@millrace/api/declared';
import type { AskedFor, Proposal, ProposedTopic } from '@millrace/api/fleet';
import { proposeApplications, rotationNotes, type UsePlace } from './applications.ts';
import { type Draft, emptyProposal, topicId } from './draft.ts';
import type { FleetPicture } from './fleet-picture.ts';
import { type Configs, type Placement, placeTopic } from './placement.ts';

type NewTopic = Extract<AskedFor, { kind: 'topic' }>;

const environmentDefault = 'production';

export function proposeTopic(asked: NewTopic, picture: FleetPicture): Draft {
  const { name, owner, expected, applications = [], sites = [], environment = environmentDefault } = asked;
  const configs = configsOf(asked);
  const consumersAt = (site: string | undefined): number =>
    applications.filter((each) => each.role === 'consumer' && (each.sites?.includes(site ?? '') ?? true)).length;
  const placement = placeTopic(
    {
      name,
      environment,
      sites,
      zone: asked.zone,
      expected,
      configs,
      partitions: asked.partitions,
      replicas: asked.replicas,
      consumersAt,
    },
    picture,
  );
  const topics = proposedTopics(asked, configs, placement, picture);
  const places = topics.map(({ spec, purpose }): UsePlace => {
    const at =
      purpose === 'twin' ? picture.cluster(picture.cluster(spec.cluster)?.twinOf ?? '') : picture.cluster(spec.cluster);
    return { cluster: spec.cluster, site: at?.site, isHome: at?.name === placement.chosen[0]?.cluster.name };
  });
  const used = proposeApplications(applications, name, places, owner, picture, '/asked/applications');
  const proposal: Proposal = {
    ...emptyProposal,
    topics,
    applications: used.applications,
    mirrors: mirrorsOf(name, placement, picture),
    schemas: (asked.schemas ?? []).map(({ type = 'AVRO', schema, of = 'value' }) => {
      return { subject: `${name}-${of}`, type, schema };
    }),
    notes: [...notesOf(placement), ...rotationNotes(used.applications, picture)],
  };
  const [home] = placement.chosen;
  return {
    asked,
    title: `New topic ${name}`,
    team: owner,
    owner,
    topic: {
      name,
      owner,
      environment,
      description: asked.description ?? '',
      dataClass: asked.dataClass ?? '',
      partitions: placement.partitions,
      partitionsBefore: 0,
      replicas: home?.replicas ?? asked.replicas ?? 1,
      configs,
      recordsPerSecond: expected.recordsPerSecond,
      recordBytes: expected.recordBytes,
      bytesPerSecond: expected.recordsPerSecond * expected.recordBytes,
      consumers: home?.demand.consumers.value ?? consumersAt(undefined),
      losesRecords: false,
    },
    sites,
    clusters: placement.chosen.map(({ cluster }) => cluster.name),
    proposal,
    capacity: placement.capacity,
    cost: { before: 0, monthly: placement.monthly, calculation: placement.costs },
    wouldBe: new Map(topics.map(({ spec }) => [topicId(spec), spec])),
    issues: [...issuesOf(asked, topics, picture), ...placement.issues, ...used.issues],
  };
}

/** On each chosen cluster, and of those in production on their twins. */
function proposedTopics(
  { name, owner, description, dataClass, expected }: NewTopic,
  configs: Configs,
  { chosen, partitions }: Placement,
  picture: FleetPicture,
): ProposedTopic[] {
  const specOn = (cluster: string, replicas: number): Topic => ({
    name,
    cluster,
    owner,
    partitions,
    replicas,
    ...(description !== undefined && { description }),
    ...(dataClass !== undefined && { dataClass }),
    ...configsWith(configs, replicas),
  });
  const own = chosen.map(({ cluster, replicas }, index): ProposedTopic => {
    const spec = { ...specOn(cluster.name, replicas), expected };
    return { purpose: index === 0 ? 'home' : 'copy', spec };
  });
  const twins = chosen.flatMap(({ cluster, replicas }) =>
    picture.twinsOf(cluster.name).map((twin): ProposedTopic => {
      const most = picture.brokersOf(twin.name) ?? replicas;
      return { purpose: 'twin', spec: specOn(twin.name, Math.min(replicas, most)) };
    }),
  );
  return [...own, ...twins];
}

/** What was asked for, in Kafka's names. */
export function configsOf(asked: Pick<NewTopic, 'retentionMs' | 'retentionBytes' | 'compacted' | 'configs'>): Configs {
  return {
    ...asked.configs,
    ...(asked.retentionMs !== undefined && { 'retention.ms': asked.retentionMs }),
    ...(asked.retentionBytes !== undefined && { 'retention.bytes': asked.retentionBytes }),
    ...(asked.compacted === true && { 'cleanup.policy': 'compact' }),
  };
}

/** With three replicas a write is safe with two, so that one broker may be down. */
export function configsWith(
  configs: Configs,
  replicas: number,
): { configs?: Record<string, string | number | boolean> } {
  const safe = 'min.insync.replicas';
  const wanted = Number(configs[safe] ?? (replicas >= 3 ? 2 : 1));
  const least = Math.max(1, Math.min(wanted, replicas));
  const all = { ...configs, ...((configs[safe] !== undefined || least > 1) && { [safe]: least }) };
  return Object.keys(all).length === 0 ? {} : { configs: all };
}

/** From the home to each copy, but for those that a mirror brings there already. */
function mirrorsOf(topic: string, { chosen }: Placement, picture: FleetPicture): Proposal['mirrors'] {
  const [home, ...copies] = chosen.map(({ cluster }) => cluster.name);
  if (home === undefined) return [];
  const twins = copies.flatMap((copy) => pairOfTwins(home, copy, picture));
  return [...copies.map((target) => ({ source: home, target, topic })), ...twins.map((pair) => ({ ...pair, topic }))];
}

/** What is mirrored in production is mirrored between the twins. */
function pairOfTwins(home: string, copy: string, picture: FleetPicture): { source: string; target: string }[] {
  const [source] = picture.twinsOf(home);
  const [target] = picture.twinsOf(copy);
  if (source === undefined || target === undefined || source === target) return [];
  return [{ source: source.name, target: target.name }];
}

function notesOf({ chosen }: Placement): string[] {
  const [home, ...copies] = chosen.map(({ cluster }) => cluster.name);
  if (copies.length === 0) return [];
  return [`It is produced on ${home} alone; after a failover producers ask for access where they go on.`];
}

function issuesOf(asked: NewTopic, topics: readonly ProposedTopic[], picture: FleetPicture): ProblemIssue[] {
  const { name, owner, sites = [], compacted, expected } = asked;
  const issues: ProblemIssue[] = [];
  const add = (field: string, message: string): void => void issues.push({ field: `/asked/${field}`, message });
  if (picture.team(owner) === undefined) add('owner', `names ${JSON.stringify(owner)}, which is not among the teams`);
  if (new Set(sites).size < sites.length) add('sites', 'names one of them twice');
  if (expected.keys !== undefined && compacted !== true) add('expected/keys', 'is for topics that are compacted');
  for (const { spec } of topics) {
    if (picture.existingTopic(spec.cluster, name) === undefined) continue;
    add('name', `is that of a topic that ${spec.cluster} has already; ask for access to it, or choose another`);
    break;
  }
  return issues;
}
