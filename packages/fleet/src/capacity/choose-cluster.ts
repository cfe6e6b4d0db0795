/**
 * Which cluster a topic goes to: of those that are of the wanted site, zone and environment the one that is left with
 * the most room for the whole of what it needs. Where none has room the fullest resource says why.
 */
import type { Cluster } from '@millrace/api/declared';
import type { ClusterFit, Quantity } from '@millrace/api/fleet';
import { type BrokerShare, brokerShare, type Resource, resources } from './broker-share.ts';
import { Calculation } from './calculation.ts';
import type { ClusterRoom, Room } from './cluster-room.ts';
import { type Surge, type TopicDemand, topicLoad } from './topic-load.ts';

export interface WantedPlace {
  readonly environment: string;
  readonly site?: string | undefined;
  readonly zone?: string | undefined;
}

export type Fit = Omit<ClusterFit, 'chosen'>;
type ResourceFit = ClusterFit['resources'][number];

/** Those that may hold it, in their order. A cluster without a site or environment is of any. */
export function clustersAt(clusters: readonly Cluster[], { environment, site, zone }: WantedPlace): Cluster[] {
  return clusters.filter(
    (cluster) =>
      (cluster.environment ?? environment) === environment &&
      (site === undefined || cluster.site === undefined || cluster.site === site) &&
      (zone === undefined || cluster.zone === zone),
  );
}

/** What becomes of a cluster when the topic is added to it. */
export function fitOn(room: ClusterRoom, demand: TopicDemand, surge: Surge | undefined): Fit {
  const calculation = new Calculation();
  const load = topicLoad(demand, surge, calculation);
  const share = brokerShare(demand, load, room.brokers, calculation);
  return fitOfShare(room, share, calculation);
}

export function fitOfShare(room: ClusterRoom, share: BrokerShare, calculation: Calculation): Fit {
  const fits = resources.map((resource) => fitOf(resource, room.rooms[resource], share[resource], calculation));
  const known = fits.filter((fit) => fit.fits !== undefined);
  const verdict = known.some((fit) => fit.fits === false) ? 'no' : known.length < fits.length ? 'unknown' : 'yes';
  return {
    cluster: room.cluster,
    fits: verdict,
    resources: fits,
    lines: [...room.calculation.lines, ...calculation.lines],
  };
}

/** The best first: what fits before what may, before what does not; then the one with the most room left. */
export function byFit(a: Fit, b: Fit): number {
  return order[a.fits] - order[b.fits] || worstUse(a) - worstUse(b) || (a.cluster < b.cluster ? -1 : 1);
}

const order = { yes: 0, unknown: 1, no: 2 } as const;

/** Of the resource that is the first to run out. */
export function worstUse({ resources: fits }: Pick<Fit, 'resources'>): number {
  return Math.max(0, ...fits.map(({ use = 0 }) => use));
}

function fitOf(resource: Resource, room: Room, added: Quantity, calculation: Calculation): ResourceFit {
  const after = calculation.sum(`${resource} of one broker with it`, room.used, added);
  const { total, usable } = room;
  if (total === undefined || usable === undefined) {
    return { resource, added, after };
  }
  const use = total.value === 0 ? Number.MAX_VALUE : after.value / total.value;
  return { resource, added, after, usable, use, fits: after.value <= usable.value };
}
