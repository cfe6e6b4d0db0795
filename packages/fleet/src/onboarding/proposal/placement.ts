/**
 * Where a new topic goes: a cluster at each site, as many partitions as it needs, and what that does to the clusters.
 */
import type { ProblemIssue } from '@millrace/api';
import type { Cluster, ExpectedLoad, Setting } from '@millrace/api/declared';
import type { ClusterFit, Quantity } from '@millrace/api/fleet';
import type { Static } from 'typebox';
import { Calculation, quantity } from '../../capacity/calculation.ts';
import { byFit, clustersAt, type Fit, fitOn } from '../../capacity/choose-cluster.ts';
import { partitionCount } from '../../capacity/partition-count.ts';
import { keptBy } from '../../capacity/topic-configs.ts';
import { type TopicDemand, topicLoad } from '../../capacity/topic-load.ts';
import { wantedTopicCost } from '../../cost/topic-cost.ts';
import type { FleetPicture } from './fleet-picture.ts';

export type Configs = Readonly<Record<string, Static<typeof Setting>>>;

export interface WantedTopic {
  readonly name: string;
  readonly environment: string;
  /** The home first; without any, one place anywhere. */
  readonly sites: readonly string[];
  readonly zone: string | undefined;
  /** A cluster that it has to be, instead of any at the site. */
  readonly home?: string | undefined;
  readonly expected: ExpectedLoad;
  readonly configs: Configs;
  readonly partitions: number | undefined;
  readonly replicas: number | undefined;
  /** How many applications consume it at a site; of the home when undefined. */
  consumersAt(site: string | undefined): number;
}

export interface Placement {
  /** The home first. */
  readonly chosen: readonly { readonly cluster: Cluster; readonly replicas: number; readonly demand: TopicDemand }[];
  readonly partitions: number;
  readonly capacity: readonly ClusterFit[];
  readonly monthly: number;
  readonly costs: Calculation;
  readonly issues: readonly ProblemIssue[];
}

const replicasDefault = 3;

export function placeTopic(wanted: WantedTopic, picture: FleetPicture): Placement {
  const issues: ProblemIssue[] = [];
  const chosen: { cluster: Cluster; replicas: number; demand: TopicDemand }[] = [];
  const capacity: ClusterFit[] = [];
  const costs = new Calculation();
  let partitions = wanted.partitions;
  let monthly = 0;
  const sites = wanted.sites.length === 0 ? [undefined] : wanted.sites;
  for (const [index, site] of sites.entries()) {
    const candidates = candidatesAt(wanted, site, index === 0, picture, chosen);
    if (candidates.length === 0) issues.push(nowhere(wanted, site, index));
    const fits = candidates.map((cluster) =>
      considered(wanted, cluster, partitions, index === 0 ? sites.length - 1 : 0, site, picture),
    );
    fits.sort((a, b) => byFit(a.fit, b.fit));
    const [best] = fits;
    for (const { fit } of fits) capacity.push({ ...fit, chosen: fit === best?.fit });
    if (best === undefined) continue;
    chosen.push({ cluster: best.cluster, replicas: best.demand.replicas.value, demand: best.demand });
    partitions ??= best.demand.partitions.value;
    monthly += wantedTopicCost(best.demand, best.cluster.prices, costs).value;
  }
  capacity.sort((a, b) => Number(b.chosen) - Number(a.chosen));
  return { chosen, partitions: partitions ?? 1, capacity, monthly, costs, issues };
}

function candidatesAt(
  { environment, zone, home }: WantedTopic,
  site: string | undefined,
  isHome: boolean,
  { clusters }: FleetPicture,
  chosen: readonly { readonly cluster: Cluster }[],
): Cluster[] {
  const there = clustersAt(clusters, { environment, site, zone });
  const free = there.filter((cluster) => !chosen.some((each) => each.cluster === cluster));
  return isHome && home !== undefined ? clusters.filter(({ name }) => name === home) : free;
}

function considered(
  wanted: WantedTopic,
  cluster: Cluster,
  partitions: number | undefined,
  mirrors: number,
  site: string | undefined,
  picture: FleetPicture,
): { readonly cluster: Cluster; readonly demand: TopicDemand; readonly fit: Fit } {
  const sizing = new Calculation();
  const demand = demandOn(wanted, cluster, partitions, mirrors, site, picture, sizing);
  const fit = fitOn(picture.room(cluster), demand, picture.surge);
  return { cluster, demand, fit: { ...fit, lines: [...sizing.lines, ...fit.lines] } };
}

function demandOn(
  wanted: WantedTopic,
  cluster: Cluster,
  given: number | undefined,
  mirrors: number,
  site: string | undefined,
  picture: FleetPicture,
  calculation: Calculation,
): TopicDemand {
  const { expected, configs } = wanted;
  const brokers = picture.brokersOf(cluster.name);
  const most = brokers ?? replicasDefault;
  const records = quantity('expected', expected.recordsPerSecond, 'records/s', 'requested');
  const recordBytes = quantity('size of a record', expected.recordBytes, 'bytes/record', 'requested');
  const replicas =
    wanted.replicas === undefined
      ? quantity('replicas', Math.min(replicasDefault, most), 'replicas', 'assumed')
      : quantity('replicas', wanted.replicas, 'replicas', 'requested');
  const one = quantity('partition', 1, 'partitions', 'assumed');
  const demand = {
    bytesIn: calculation.product('bytes in, as expected', 'bytes/s', records, recordBytes),
    recordBytes,
    consumers: consumersOf(wanted, site),
    mirrors: quantity('mirrors', mirrors, 'times', 'requested'),
    partitions: one,
    replicas,
    kept: keptBy(configs, 'requested', expected.keys),
  };
  if (given !== undefined) return { ...demand, partitions: quantity('partitions', given, 'partitions', 'requested') };
  const load = topicLoad(demand, picture.surge, new Calculation('silent'));
  const stored = { ...load.storedOnce, name: 'stored, one replica, in a single partition' };
  const spread: Quantity = quantity('brokers', brokers ?? 1, 'brokers', brokers === undefined ? 'assumed' : 'measured');
  return { ...demand, partitions: partitionCount(load.peakIn, stored, spread, calculation) };
}

function consumersOf({ expected, consumersAt }: WantedTopic, site: string | undefined): Quantity {
  const named = consumersAt(site);
  const count = Math.max(named, expected.consumers ?? 0);
  if (count > 0 || expected.consumers === 0) return quantity('consumers', count, 'times', 'requested');
  return quantity('consumers', 1, 'times', 'assumed');
}

function nowhere({ environment, zone }: WantedTopic, site: string | undefined, index: number): ProblemIssue {
  const where = [site && `at ${site}`, zone && `in the zone ${zone}`].filter((each) => each !== undefined).join(' ');
  const field = site === undefined ? '/asked/environment' : `/asked/sites/${index}`;
  return { field, message: `has no cluster of the environment ${environment}${where && ` ${where}`}` };
}
