/** The end of a topic, with its copies and twins, and of what applications use of it. */
import type { AskedFor } from '@millrace/api/fleet';
import { Calculation } from '../../capacity/calculation.ts';
import { bytesText } from '../../capacity/quantity-text.ts';
import { existingTopicCost } from '../../cost/topic-cost.ts';
import { type Draft, emptyProposal, topicId } from './draft.ts';
import { draftedTopic, ownTopic } from './existing.ts';
import type { FleetPicture } from './fleet-picture.ts';

type Retirement = Extract<AskedFor, { kind: 'retirement' }>;

export function proposeRetirement(asked: Retirement, picture: FleetPicture): Draft {
  const { topic, issues } = ownTopic(asked, picture);
  const family = issues.length > 0 ? [] : picture.familyOf(topic);
  const clusters = family.map(({ cluster }) => cluster);
  const calculation = new Calculation();
  const before = family.reduce((sum, { cluster }) => {
    const existing = picture.existingTopic(cluster, topic.name);
    const { prices, twinOf } = picture.cluster(cluster) ?? {};
    return existing === undefined || twinOf !== undefined
      ? sum
      : sum + existingTopicCost(existing, prices, calculation).value;
  }, 0);
  return {
    asked,
    title: `Retire ${topic.name}`,
    team: topic.owner ?? '',
    owner: topic.owner,
    topic: { ...draftedTopic(topic, picture), losesRecords: true },
    sites: [],
    clusters: clusters.filter((name) => picture.cluster(name)?.twinOf === undefined),
    proposal: {
      ...emptyProposal,
      removals: clusters.map((cluster) => ({ cluster, topic: topic.name })),
      notes: notesOf(topic.name, clusters, picture),
    },
    capacity: [],
    cost: { before, monthly: 0, calculation },
    wouldBe: new Map(family.map((each) => [topicId(each), null])),
    issues,
  };
}

function notesOf(topic: string, clusters: readonly string[], picture: FleetPicture): string[] {
  const notes: string[] = [];
  const users = picture.applications.filter(({ uses = [] }) =>
    uses.some((use) => use.topic === topic && clusters.includes(use.cluster)),
  );
  if (users.length > 0) notes.push(`Used by ${users.map(({ name, team }) => `${name} (${team})`).join(', ')}.`);
  for (const cluster of clusters) {
    const { storedBytes, recordsPerSecond } = picture.observed(cluster)?.topics.get(topic) ?? {};
    if (storedBytes !== undefined && storedBytes > 0)
      notes.push(`${bytesText(storedBytes)} on ${cluster} are deleted.`);
    if (recordsPerSecond !== undefined && recordsPerSecond > 0) {
      notes.push(`It is still written to on ${cluster}: ${recordsPerSecond.toFixed(1)} records/s.`);
    }
  }
  return notes;
}
