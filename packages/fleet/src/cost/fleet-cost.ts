/** What the topics of the fleet cost in a month, added up by team or by cluster. Twins are on nobody's account. */
import type { Application, Cluster, Mirror, Team, Topic } from '@millrace/api/declared';
import { Calculation } from '../capacity/calculation.ts';
import { type ExistingTopic, existingLoad } from '../capacity/existing-topic.ts';
import { FleetTopics } from '../capacity/fleet-topics.ts';
import type { ObservedCluster } from '../inventory/inventory.ts';
import { existingTopicCost } from './topic-cost.ts';

export interface CostedFleet {
  readonly clusters: readonly Cluster[];
  readonly topics: readonly Topic[];
  readonly applications: readonly Application[];
  readonly mirrors: readonly Mirror[];
  readonly teams: readonly Team[];
  observed(cluster: string): ObservedCluster | undefined;
}

export interface TopicCost {
  readonly cluster: string;
  readonly topic: string;
  /** Empty: nobody's. */
  readonly team: string;
  readonly partitions: number;
  readonly storedBytes: number;
  readonly monthly: number;
}

export interface CostRow {
  readonly name: string;
  readonly topics: number;
  readonly partitions: number;
  readonly storedBytes: number;
  readonly monthly: number;
  readonly budget?: number | undefined;
}

export interface CostFilter {
  readonly team?: string | undefined;
  readonly cluster?: string | undefined;
  readonly topic?: string | undefined;
}

/** Of each topic that the filter leaves. */
export function topicCosts(
  fleet: CostedFleet,
  filter: CostFilter,
  calculation = new Calculation('silent'),
): TopicCost[] {
  const clusters = fleet.clusters.filter(
    ({ name, twinOf }) => twinOf === undefined && (filter.cluster ?? name) === name,
  );
  const topics = new FleetTopics(fleet);
  return clusters.flatMap((cluster) =>
    topics
      .on(cluster.name, fleet.observed(cluster.name))
      .filter((topic) => isMeant(topic, filter))
      .map((topic) => costOf(topic, cluster, calculation)),
  );
}

/** Dearest first. */
export function costRows(
  costs: readonly TopicCost[],
  by: 'team' | 'cluster' | 'topic',
  teams: readonly Team[],
): CostRow[] {
  const rows = new Map<string, { -readonly [K in keyof CostRow]: CostRow[K] }>();
  const budgets = new Map(teams.map(({ name, budget }) => [name, budget?.monthlyCost]));
  for (const { cluster, topic, team, partitions, storedBytes, monthly } of costs) {
    const name = by === 'team' ? team : by === 'cluster' ? cluster : `${cluster}/${topic}`;
    const row = rows.get(name) ?? { name, topics: 0, partitions: 0, storedBytes: 0, monthly: 0 };
    row.topics++;
    row.partitions += partitions;
    row.storedBytes += storedBytes;
    row.monthly += monthly;
    const budget = by === 'team' ? budgets.get(name) : undefined;
    if (budget !== undefined) row.budget = budget;
    rows.set(name, row);
  }
  return [...rows.values()].sort((a, b) => b.monthly - a.monthly || (a.name < b.name ? -1 : 1));
}

function isMeant({ name, declared, observed }: ExistingTopic, { team, topic }: CostFilter): boolean {
  if (observed?.internal === true) return false;
  return (topic ?? name) === name && (team === undefined || (declared?.owner ?? '') === team);
}

function costOf(topic: ExistingTopic, { name, prices }: Cluster, calculation: Calculation): TopicCost {
  return {
    cluster: name,
    topic: topic.name,
    team: topic.declared?.owner ?? '',
    partitions: topic.observed?.partitions.length ?? topic.declared?.partitions ?? 0,
    storedBytes: existingLoad(topic, undefined).stored.value,
    monthly: existingTopicCost(topic, prices, calculation).value,
  };
}
