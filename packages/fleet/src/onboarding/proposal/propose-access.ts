/** Access of an application to a topic that is there. */
import { isDeepStrictEqual } from 'node:util';
import type { ProblemIssue } from '@millrace/api';
import type { AskedFor } from '@millrace/api/fleet';
import { Calculation, quantity } from '../../capacity/calculation.ts';
import { fitOn } from '../../capacity/choose-cluster.ts';
import { demandOf } from '../../capacity/existing-topic.ts';
import { wantedTopicCost } from '../../cost/topic-cost.ts';
import { proposeApplications, rotationNotes, type UsePlace } from './applications.ts';
import { type Draft, emptyProposal } from './draft.ts';
import { draftedTopic, ownTopic } from './existing.ts';
import type { FleetPicture } from './fleet-picture.ts';

type Access = Extract<AskedFor, { kind: 'access' }>;

export function proposeAccess(asked: Access, picture: FleetPicture): Draft {
  const { application } = asked;
  const { topic, issues } = ownTopic(asked, picture);
  const family = picture.familyOf(topic);
  const places = family.map(({ cluster }): UsePlace => {
    const { twinOf, site } = picture.cluster(cluster) ?? {};
    const at = twinOf === undefined || cluster === topic.cluster ? { name: cluster, site } : picture.cluster(twinOf);
    return { cluster, site: at?.site, isHome: at?.name === topic.cluster };
  });
  const team = application.team ?? picture.application(application.name)?.team ?? topic.owner ?? '';
  const used = proposeApplications([application], topic.name, places, team, picture, '/asked/application');
  const reads = application.role === 'consumer' && !alreadyReads(application.name, topic.name, topic.cluster, picture);
  const { capacity, before, after, calculation } = effectOf(topic, reads ? 1 : 0, picture);
  return {
    asked,
    title: `${application.name} ${application.role === 'producer' ? 'to produce to' : 'to consume'} ${topic.name}`,
    team,
    owner: topic.owner,
    topic: draftedTopic(topic, picture),
    sites: [],
    clusters: [topic.cluster],
    proposal: {
      ...emptyProposal,
      applications: used.applications,
      notes: rotationNotes(used.applications, picture),
    },
    capacity,
    cost: { before, monthly: after, calculation },
    wouldBe: new Map(),
    issues: [...issues, ...used.issues, ...unchanged(used.applications, picture)],
  };
}

function effectOf(topic: ReturnType<typeof ownTopic>['topic'], readers: number, picture: FleetPicture) {
  const calculation = new Calculation();
  const existing = picture.existingTopic(topic.cluster, topic.name) ?? {
    name: topic.name,
    declared: topic,
    readers: 0,
    mirrors: 0,
  };
  const cluster = picture.cluster(topic.cluster);
  const { demand } = demandOf(existing, calculation);
  const more =
    readers === 0
      ? demand
      : {
          ...demand,
          consumers: calculation.sum(
            'consumers with it',
            demand.consumers,
            quantity('more', readers, 'times', 'requested'),
          ),
        };
  const before = wantedTopicCost(demand, cluster?.prices, new Calculation('silent')).value;
  const after = wantedTopicCost(more, cluster?.prices, calculation).value;
  const fit = cluster && fitOn(picture.room(cluster, topic.name), more, picture.surge);
  return { capacity: fit === undefined ? [] : [{ ...fit, chosen: true }], before, after, calculation };
}

function alreadyReads(application: string, topic: string, cluster: string, picture: FleetPicture): boolean {
  const { uses = [] } = picture.application(application) ?? {};
  return uses.some((use) => use.cluster === cluster && use.topic === topic && use.role === 'consumer');
}

function unchanged(applications: Draft['proposal']['applications'], picture: FleetPicture): ProblemIssue[] {
  const isThere = applications.every(({ name, uses }) => {
    const has = picture.application(name)?.uses ?? [];
    return uses.every((use) => has.some((each) => isDeepStrictEqual(each, use)));
  });
  if (!isThere) return [];
  return [{ field: '/asked/application', message: 'has this access already' }];
}
