/** What the topics of a team come to, and what they would: twins are on nobody's account. */
import type { Budget, Topic } from '@millrace/api/declared';
import type { PolicyView } from '@millrace/api/fleet';
import { existingLoad } from '../../capacity/existing-topic.ts';
import { existingTopicCost } from '../../cost/topic-cost.ts';
import { type Draft, topicId } from './draft.ts';
import type { FleetPicture } from './fleet-picture.ts';

type Amounts = PolicyView['team']['used'];

const amountNames = ['topics', 'partitions', 'storedBytes', 'monthlyCost'] as const;

export function teamView({ owner, wouldBe, cost }: Draft, picture: FleetPicture): PolicyView['team'] {
  const name = owner ?? '';
  const own = picture.topics.filter((topic) => topic.owner === name && isCounted(topic, picture));
  const used = total(own.map((topic) => amountsOf(topic, picture)));
  const replaced = own.filter((topic) => wouldBe.has(topicId(topic)));
  const coming = [...wouldBe.values()].filter((topic) => topic !== null && isCounted(topic, picture)) as Topic[];
  const less = total(replaced.map((topic) => amountsOf(topic, picture)));
  const more = total(coming.map((topic) => amountsOf(topic, picture)));
  const after = {
    topics: used.topics - less.topics + more.topics,
    partitions: used.partitions - less.partitions + more.partitions,
    storedBytes: used.storedBytes - less.storedBytes + more.storedBytes,
    monthlyCost: used.monthlyCost + cost.monthly - cost.before,
  };
  return { name, used, after, overBudget: overBudget(after, picture.team(name)?.budget) };
}

function isCounted({ cluster }: Topic, picture: FleetPicture): boolean {
  return picture.cluster(cluster)?.twinOf === undefined;
}

function amountsOf(topic: Topic, picture: FleetPicture): Amounts {
  const seen = picture.existingTopic(topic.cluster, topic.name);
  const existing = seen === undefined ? { name: topic.name, readers: 0, mirrors: 0 } : seen;
  const asDeclared = { ...existing, declared: topic };
  return {
    topics: 1,
    partitions: topic.partitions,
    storedBytes: existingLoad(asDeclared, undefined).stored.value,
    monthlyCost: existingTopicCost(asDeclared, picture.cluster(topic.cluster)?.prices).value,
  };
}

function total(amounts: readonly Amounts[]): Amounts {
  const sum = { topics: 0, partitions: 0, storedBytes: 0, monthlyCost: 0 };
  for (const each of amounts) for (const name of amountNames) sum[name] += each[name];
  return sum;
}

function overBudget(amounts: Amounts, budget: Budget | undefined): string[] {
  return amountNames.filter((name) => amounts[name] > (budget?.[name] ?? Number.POSITIVE_INFINITY));
}
