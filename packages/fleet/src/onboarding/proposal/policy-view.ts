/** What policies see of a request. */
import { type Principal, principalText } from '@millrace/api';
import type { PolicyView } from '@millrace/api/fleet';
import { worstUse } from '../../capacity/choose-cluster.ts';
import { keptBy } from '../../capacity/topic-configs.ts';
import { hasOwnNames } from './claimed-names.ts';
import type { Draft } from './draft.ts';
import type { FleetPicture } from './fleet-picture.ts';
import { teamView } from './team-usage.ts';

export function policyView(
  draft: Draft,
  principal: Pick<Principal, 'kind' | 'name'>,
  picture: FleetPicture,
): PolicyView {
  return {
    request: requestView(draft, principal, picture),
    team: teamView(draft, picture),
    capacity: capacityView(draft, picture),
    cost: {
      monthly: draft.cost.monthly,
      before: draft.cost.before,
      change: draft.cost.monthly - draft.cost.before,
    },
  };
}

function requestView(
  { asked, team, owner, topic, sites, clusters, proposal }: Draft,
  principal: Pick<Principal, 'kind' | 'name'>,
  picture: FleetPicture,
): PolicyView['request'] {
  const { owner: _, configs, ...rest } = topic;
  const kept = keptBy(configs, 'requested');
  return {
    ...rest,
    kind: asked.kind,
    topic: topic.name,
    owner: owner ?? '',
    team,
    requester: principalText(principal),
    retentionDays: kept.seconds === undefined ? -1 : kept.seconds.value / 86_400,
    retentionBytes: kept.partitionBytes?.value ?? -1,
    compacted: kept.cleanup !== 'delete',
    sites: [...sites],
    clusters: [...clusters],
    mirrors: proposal.mirrors.length,
    hasSchema: proposal.schemas.length > 0,
    ownNames: hasOwnNames(proposal.applications, picture.applications),
    newApplications: proposal.applications.filter(({ isNew }) => isNew).map(({ name }) => name),
    applications: proposal.applications.flatMap(({ name, team: owning, uses }) =>
      [...new Set(uses.map(({ role }) => role))].map((role) => ({ name, team: owning, role })),
    ),
    configs: Object.fromEntries(Object.entries(configs).map(([name, value]) => [name, String(value)])),
  };
}

/** Of what was chosen, the worst. */
function capacityView({ capacity, clusters }: Draft, picture: FleetPicture): PolicyView['capacity'] {
  const chosen = capacity.filter((fit) => fit.chosen);
  const verdicts = chosen.map(({ fits }) => fits);
  const [worst] = [...chosen].sort((a, b) => worstUse(b) - worstUse(a));
  const [scarcest] = [...(worst?.resources ?? [])].sort((a, b) => (b.use ?? 0) - (a.use ?? 0));
  const brokers = clusters.map((name) => picture.brokersOf(name) ?? 0);
  return {
    fits: verdicts.includes('no') ? 'no' : verdicts.includes('unknown') ? 'unknown' : 'yes',
    brokers: brokers.length === 0 ? 0 : Math.min(...brokers),
    use: worst === undefined ? 0 : worstUse(worst),
    scarcest: scarcest?.resource ?? 'disk',
    season: picture.surge?.factor.value ?? 1,
  };
}
