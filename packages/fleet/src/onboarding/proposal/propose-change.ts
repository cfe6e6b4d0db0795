/** Other partitions, retention, configs or load of a topic, and so of its copies and twins. */
import type { ProblemIssue } from '@millrace/api';
import type { Topic } from '@millrace/api/declared';
import type { AskedFor, ClusterFit, Proposal } from '@millrace/api/fleet';
import { Calculation } from '../../capacity/calculation.ts';
import { fitOn } from '../../capacity/choose-cluster.ts';
import { demandOf, type ExistingTopic } from '../../capacity/existing-topic.ts';
import { existingTopicCost, wantedTopicCost } from '../../cost/topic-cost.ts';
import { mayDropRecords } from '../../declared/check/topic-settings.ts';
import { type Draft, emptyProposal, topicId } from './draft.ts';
import { draftedTopic, ownTopic } from './existing.ts';
import type { FleetPicture } from './fleet-picture.ts';
import type { Configs } from './placement.ts';
import { configsOf } from './propose-topic.ts';

type Change = Extract<AskedFor, { kind: 'change' }>;
type TopicChange = Proposal['changes'][number];

export function proposeChange(asked: Change, picture: FleetPicture): Draft {
  const { topic, issues } = ownTopic(asked, picture);
  const configs = configsOf(asked);
  const family = issues.length > 0 ? [] : picture.familyOf(topic);
  const changes = family.map((each) => changeOf(each, asked, configs, picture));
  const wouldBe = new Map(family.map((each, index) => [topicId(each), changed(each, changes[index])]));
  const drafted = draftedTopic(topic, picture);
  const effect = effectOf(family, wouldBe, picture);
  const after = wouldBe.get(topicId(topic)) ?? topic;
  return {
    asked,
    title: `Change ${topic.name}`,
    team: topic.owner ?? '',
    owner: topic.owner,
    topic: {
      ...drafted,
      partitions: asked.partitions ?? drafted.partitions,
      configs: { ...drafted.configs, ...configs },
      recordsPerSecond: asked.expected?.recordsPerSecond ?? drafted.recordsPerSecond,
      recordBytes: asked.expected?.recordBytes ?? drafted.recordBytes,
      bytesPerSecond: effect.bytesIn,
      consumers: after.expected?.consumers ?? drafted.consumers,
      losesRecords: family.some((each) => losesRecords(each, configs, picture)),
    },
    sites: [],
    clusters: family.map(({ cluster }) => cluster).filter((name) => picture.cluster(name)?.twinOf === undefined),
    proposal: { ...emptyProposal, changes, notes: notesOf(asked, drafted.partitions) },
    capacity: effect.capacity,
    cost: effect.cost,
    wouldBe,
    issues: [...issues, ...issuesOf(asked, drafted.partitions, configs)],
  };
}

function changeOf(
  topic: Topic,
  { partitions, expected }: Change,
  configs: TopicChange['configs'] & object,
  picture: FleetPicture,
): TopicChange {
  const isTwin = picture.cluster(topic.cluster)?.twinOf !== undefined;
  return {
    cluster: topic.cluster,
    topic: topic.name,
    ...(partitions !== undefined && { partitions }),
    ...(Object.keys(configs).length > 0 && { configs }),
    ...(expected !== undefined && !isTwin && { expected }),
  };
}

/** What is not set is as long as the cluster has it, which is not known here and may be longer. */
function losesRecords({ cluster, name, configs: declared }: Topic, wanted: Configs, picture: FleetPicture): boolean {
  const now = picture.existingTopic(cluster, name)?.observed?.configs ?? declared ?? {};
  return Object.entries(wanted).some(([setting, value]) => {
    const from = now[setting];
    return from?.toString() !== String(value) && mayDropRecords(setting, from?.toString(), String(value));
  });
}

/** The topic as it would be declared. */
export function changed(topic: Topic, change: TopicChange | undefined): Topic {
  if (change === undefined) return topic;
  const { partitions = topic.partitions, configs, expected = topic.expected } = change;
  return {
    ...topic,
    partitions: Math.max(topic.partitions, partitions),
    ...(configs !== undefined && { configs: { ...topic.configs, ...configs } }),
    ...(expected !== undefined && { expected }),
  };
}

function effectOf(family: readonly Topic[], wouldBe: ReadonlyMap<string, Topic>, picture: FleetPicture) {
  const calculation = new Calculation();
  const capacity: ClusterFit[] = [];
  let [before, monthly, bytesIn] = [0, 0, 0];
  for (const [index, topic] of family.entries()) {
    const cluster = picture.cluster(topic.cluster);
    const existing = picture.existingTopic(topic.cluster, topic.name);
    if (cluster === undefined || cluster.twinOf !== undefined || existing === undefined) continue;
    const sizing = new Calculation();
    const { demand } = demandOf(asWouldBe(existing, wouldBe.get(topicId(topic))), sizing);
    const fit = fitOn(picture.room(cluster, topic.name), demand, picture.surge);
    capacity.push({ ...fit, chosen: true, lines: [...sizing.lines, ...fit.lines] });
    before += existingTopicCost(existing, cluster.prices).value;
    monthly += wantedTopicCost(demand, cluster.prices, calculation).value;
    if (index === 0) bytesIn = demand.bytesIn.value;
  }
  return { capacity, bytesIn, cost: { before, monthly, calculation } };
}

/** What is seen of it stays, but for what would change. */
function asWouldBe(existing: ExistingTopic, declared: Topic | undefined): ExistingTopic {
  const { observed } = existing;
  if (declared === undefined || observed === undefined) return { ...existing, declared };
  const [first] = observed.partitions;
  const added =
    first === undefined ? [] : new Array(Math.max(0, declared.partitions - observed.partitions.length)).fill(first);
  const configs = Object.entries({ ...observed.configs, ...declared.configs });
  return {
    ...existing,
    declared,
    observed: {
      ...observed,
      partitions: [...observed.partitions, ...added],
      configs: Object.fromEntries(configs.map(([name, value]) => [name, String(value)])),
    },
  };
}

function notesOf({ partitions }: Change, before: number): string[] {
  if (partitions === undefined || partitions <= before) return [];
  return ['Records with the same key go to another partition from then on; what relies on their order has to be told.'];
}

function issuesOf({ partitions, expected }: Change, before: number, configs: object): ProblemIssue[] {
  const issues: ProblemIssue[] = [];
  if (partitions !== undefined && partitions < before) {
    issues.push({ field: '/asked/partitions', message: `can't be less than the ${before} that there are` });
  }
  if (partitions === undefined && expected === undefined && Object.keys(configs).length === 0) {
    issues.push({ field: '/asked', message: 'changes nothing; give partitions, retention, configs or expected' });
  }
  return issues;
}
