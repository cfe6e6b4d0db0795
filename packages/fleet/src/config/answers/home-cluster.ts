/**
 * On which cluster an application finds a topic. Pure.
 *
 * A move of the topic decides first. Without one it is, of the clusters on which the application declares to do this:
 * the one on which it stays (`stays.ts`); else that of the instance's own site; else the one that the topic is not
 * mirrored to, for there it is written first; of several the first by name. The same answer comes whatever the order of
 * declarations.
 */
import {
  type Application,
  type Cluster,
  fitsName,
  type Mirror,
  type Role,
  type TopicUse,
} from '@millrace/api/declared';
import { isMatched } from './mirrored-name.ts';

/** Where a topic was moved to. */
export interface Home {
  readonly cluster: string;
  readonly generation: number;
  readonly groups: Readonly<Record<string, number>>;
}

export interface Places {
  cluster(name: string): Cluster | undefined;
  readonly mirrors: readonly Mirror[];
  /** Of the topic for the application, or for all. */
  home(application: string, topic: string): Home | undefined;
  /** The cluster on which those stay who asked this before, though declarations say another. */
  stay(application: string, question: PlaceQuestion): string | undefined;
}

export interface PlaceQuestion {
  readonly topic: string;
  readonly role: Role;
  /** Of the instance. */
  readonly site?: string | undefined;
}

export interface ChosenCluster {
  readonly cluster: Cluster;
  readonly generation: number;
  readonly rule: string;
  readonly groups?: Readonly<Record<string, number>> | undefined;
}

export type NoCluster = 'no_use' | 'no_cluster';

export function chooseCluster(
  application: Application,
  question: PlaceQuestion,
  places: Places,
): ChosenCluster | NoCluster {
  const { topic, site } = question;
  if (fittingUses(application, question).length === 0) return 'no_use';
  const home = places.home(application.name, topic);
  if (home !== undefined) {
    const cluster = places.cluster(home.cluster);
    if (cluster === undefined) return 'no_cluster';
    const { generation, groups } = home;
    return { cluster, generation, rule: `home of the topic, generation ${generation}`, groups };
  }
  const clusters = clustersOf(application, question, places);
  const [first] = clusters;
  if (first === undefined) return 'no_cluster';
  const stay = places.stay(application.name, question);
  const kept = clusters.find((each) => each.name === stay);
  if (kept !== undefined) return { generation: 0, cluster: kept, rule: 'where it was before others were declared' };
  return { generation: 0, ...choose(clusters, first, topic, site, places.mirrors) };
}

/** Those on which the application declares to do this, by name. */
export function clustersOf(
  application: Application,
  question: Pick<PlaceQuestion, 'topic' | 'role'>,
  places: Pick<Places, 'cluster'>,
): Cluster[] {
  const names = new Set(fittingUses(application, question).map(({ cluster }) => cluster));
  return [...names].sort().flatMap((each) => places.cluster(each) ?? []);
}

function fittingUses({ uses = [] }: Application, { topic, role }: Pick<PlaceQuestion, 'topic' | 'role'>): TopicUse[] {
  return uses.filter((use) => use.role === role && fitsName(use.topic, topic));
}

export interface TopicPlace {
  readonly topic: string;
  readonly role: Role;
  readonly cluster: string;
}

/** Whether an application may be told that it finds the topic there, wherever its instances are. */
export function mayFind(
  application: Application,
  { topic, role, cluster }: TopicPlace,
  places: Pick<Places, 'home'>,
): boolean {
  const fitting = fittingUses(application, { topic, role });
  if (fitting.some((use) => use.cluster === cluster)) return true;
  return fitting.length > 0 && places.home(application.name, topic)?.cluster === cluster;
}

function choose(
  clusters: readonly Cluster[],
  first: Cluster,
  topic: string,
  site: string | undefined,
  mirrors: readonly Mirror[],
): { readonly cluster: Cluster; readonly rule: string } {
  if (clusters.length === 1) return { cluster: first, rule: 'the only one that it declares' };
  const near = site === undefined ? undefined : clusters.find((each) => each.site === site);
  if (near !== undefined) return { cluster: near, rule: `site ${site}` };
  const isCopy = ({ name }: Cluster): boolean => mirrors.some((each) => each.target === name && copies(each, topic));
  const originals = clusters.filter((each) => !isCopy(each));
  const [origin] = originals;
  if (origin !== undefined && originals.length < clusters.length) {
    return { cluster: origin, rule: 'no mirror copies the topic to it' };
  }
  return { cluster: origin ?? first, rule: 'the first by name' };
}

/** Under its own name: with a prefix it is another topic there. */
function copies({ topics, exclude = [], prefix = '' }: Mirror, topic: string): boolean {
  if (prefix !== '') return false;
  return topics.some((each) => isMatched(each, topic)) && !exclude.some((each) => isMatched(each, topic));
}
