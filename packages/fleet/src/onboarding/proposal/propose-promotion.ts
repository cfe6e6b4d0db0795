/** A topic of a QA cluster, and who uses it there, to the production cluster whose twin that is. */
import type { ProblemIssue } from '@millrace/api';
import type { Application, Topic, TopicUse } from '@millrace/api/declared';
import type { AskedFor } from '@millrace/api/fleet';
import { rotationNotes } from './applications.ts';
import { type Draft, emptyProposal, topicId } from './draft.ts';
import { draftedTopic, environmentOf, ownTopic } from './existing.ts';
import type { FleetPicture } from './fleet-picture.ts';
import { placeTopic } from './placement.ts';
import { configsWith } from './propose-topic.ts';

type Promotion = Extract<AskedFor, { kind: 'promotion' }>;

export function proposePromotion(asked: Promotion, picture: FleetPicture): Draft {
  const { topic, issues } = ownTopic(asked, picture);
  const home = picture.cluster(asked.cluster)?.twinOf;
  const expected = asked.expected ?? topic.expected;
  const environment = home === undefined ? '' : environmentOf(home, picture);
  const users = usersOf(topic, picture);
  const consumers = users.flatMap(({ uses }) => uses).filter(({ role }) => role === 'consumer').length;
  const placement = placeTopic(
    {
      name: topic.name,
      environment,
      sites: [],
      zone: undefined,
      home: home ?? '',
      expected: expected ?? { recordsPerSecond: 0, recordBytes: 0 },
      configs: topic.configs ?? {},
      partitions: asked.partitions ?? topic.partitions,
      replicas: asked.replicas,
      consumersAt: () => consumers,
    },
    picture,
  );
  const replicas = placement.chosen[0]?.replicas ?? 1;
  const { configs: _, ...rest } = topic;
  const spec: Topic = {
    ...rest,
    cluster: home ?? '',
    partitions: placement.partitions,
    replicas,
    ...configsWith(topic.configs ?? {}, replicas),
    ...(expected !== undefined && { expected }),
  };
  const applications = users.map(({ application, uses }) => ({
    name: application.name,
    team: application.team,
    isNew: false,
    uses: uses.map((use) => ({ ...use, cluster: spec.cluster })),
  }));
  return {
    asked,
    title: `${topic.name} from ${asked.cluster} to ${home ?? 'production'}`,
    team: topic.owner ?? '',
    owner: topic.owner,
    topic: {
      ...draftedTopic(topic, picture),
      environment,
      partitions: placement.partitions,
      partitionsBefore: 0,
      replicas,
      configs: topic.configs ?? {},
      recordsPerSecond: expected?.recordsPerSecond ?? 0,
      recordBytes: expected?.recordBytes ?? 0,
      bytesPerSecond: (expected?.recordsPerSecond ?? 0) * (expected?.recordBytes ?? 0),
      consumers,
    },
    sites: [],
    clusters: placement.chosen.map(({ cluster }) => cluster.name),
    proposal: {
      ...emptyProposal,
      topics: [{ purpose: 'home', spec }],
      applications,
      notes: rotationNotes(applications, picture),
    },
    capacity: placement.capacity,
    cost: { before: 0, monthly: placement.monthly, calculation: placement.costs },
    wouldBe: new Map([[topicId(spec), spec]]),
    issues: issues.length > 0 ? issues : issuesOf(asked, home, expected !== undefined, picture),
  };
}

/** Applications with what they use of the topic there. */
function usersOf({ cluster, name }: Topic, { applications }: FleetPicture) {
  return applications.flatMap((application): { application: Application; uses: TopicUse[] }[] => {
    const uses = (application.uses ?? []).filter((use) => use.cluster === cluster && use.topic === name);
    return uses.length === 0 ? [] : [{ application, uses }];
  });
}

function issuesOf(
  { cluster, topic }: Promotion,
  home: string | undefined,
  isExpected: boolean,
  picture: FleetPicture,
): ProblemIssue[] {
  if (home === undefined) {
    return [{ field: '/asked/cluster', message: `is no twin: ${cluster} has no twinOf that says of which` }];
  }
  const issues: ProblemIssue[] = [];
  if (picture.cluster(home) === undefined) {
    issues.push({ field: '/asked/cluster', message: `is the twin of ${home}, which is not declared` });
  } else if (picture.existingTopic(home, topic) !== undefined) {
    issues.push({ field: '/asked/topic', message: `is on ${home} already` });
  }
  if (!isExpected)
    issues.push({ field: '/asked/expected', message: 'is required: the topic says nothing of its load' });
  return issues;
}
