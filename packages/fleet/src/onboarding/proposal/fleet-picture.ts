/** The fleet as one request is judged on: what is declared and what was seen, at one moment. */
import type { Application, Cluster, Mirror, Season, Team, Topic } from '@millrace/api/declared';
import { type ClusterRoom, clusterRoom } from '../../capacity/cluster-room.ts';
import type { ExistingTopic } from '../../capacity/existing-topic.ts';
import { FleetTopics, mirrorTakes } from '../../capacity/fleet-topics.ts';
import { worstSeason } from '../../capacity/season-surge.ts';
import type { Surge } from '../../capacity/topic-load.ts';
import type { Inventory, ObservedCluster } from '../../inventory/inventory.ts';
import type { DeclaredFleet } from '../../record/record.ts';

export class FleetPicture {
  readonly clusters: readonly Cluster[];
  readonly topics: readonly Topic[];
  readonly applications: readonly Application[];
  readonly mirrors: readonly Mirror[];
  readonly teams: readonly Team[];
  readonly seasons: readonly Season[];
  readonly surge: Surge | undefined;
  readonly #observed: (cluster: string) => ObservedCluster | undefined;
  readonly #fleetTopics: FleetTopics;
  readonly #topicsOn = new Map<string, ReadonlyMap<string, ExistingTopic>>();

  constructor(fleet: DeclaredFleet, inventory: Pick<Inventory, 'cluster'>, now: Date) {
    const specs = <S>(list: readonly { readonly spec: S }[]): S[] => list.map(({ spec }) => spec);
    this.clusters = specs(fleet.list('cluster'));
    this.topics = specs(fleet.list('topic'));
    this.applications = specs(fleet.list('application'));
    this.mirrors = specs(fleet.list('mirror'));
    this.teams = specs(fleet.list('team'));
    this.seasons = specs(fleet.list('season'));
    this.surge = worstSeason(this.seasons, now);
    this.#fleetTopics = new FleetTopics(this);
    this.#observed = (name) => inventory.cluster(name);
  }

  cluster(name: string): Cluster | undefined {
    return this.clusters.find((cluster) => cluster.name === name);
  }

  topic(cluster: string, name: string): Topic | undefined {
    return this.topics.find((topic) => topic.cluster === cluster && topic.name === name);
  }

  application(name: string): Application | undefined {
    return this.applications.find((application) => application.name === name);
  }

  team(name: string): Team | undefined {
    return this.teams.find((team) => team.name === name);
  }

  observed(cluster: string): ObservedCluster | undefined {
    return this.#observed(cluster);
  }

  /** As many as were seen; undefined where the cluster was never reached. */
  brokersOf(cluster: string): number | undefined {
    return this.observed(cluster)?.brokers.length || undefined;
  }

  /** By name. */
  topicsOn(cluster: string): ReadonlyMap<string, ExistingTopic> {
    let topics = this.#topicsOn.get(cluster);
    if (topics === undefined) {
      const found = this.#fleetTopics.on(cluster, this.observed(cluster));
      topics = new Map(found.map((topic) => [topic.name, topic]));
      this.#topicsOn.set(cluster, topics);
    }
    return topics;
  }

  existingTopic(cluster: string, name: string): ExistingTopic | undefined {
    return this.topicsOn(cluster).get(name);
  }

  /** What a cluster has room for; without one topic, where that is to be reckoned with anew. */
  room(cluster: Cluster, without?: string): ClusterRoom {
    const topics = [...this.topicsOn(cluster.name).values()].filter(({ name }) => name !== without);
    return clusterRoom(cluster, this.observed(cluster.name), topics, this.surge);
  }

  twinsOf(cluster: string): readonly Cluster[] {
    return this.clusters.filter(({ twinOf }) => twinOf === cluster);
  }

  /** The cluster itself, and all that mirrors under the same name take the topic to from there. */
  clustersWith(topic: string, home: string): string[] {
    const reached = [home];
    for (const source of reached) {
      for (const mirror of this.mirrors) {
        if (mirror.source !== source || (mirror.prefix ?? '') !== '' || reached.includes(mirror.target)) continue;
        if (mirrorTakes(mirror, topic) && this.topic(mirror.target, topic)) reached.push(mirror.target);
      }
    }
    return reached;
  }

  /** Declared topics of this name: the one itself first, then its copies, then their twins. */
  familyOf(topic: Topic): Topic[] {
    const own = this.clustersWith(topic.name, topic.cluster);
    const twins = own.flatMap((cluster) => this.twinsOf(cluster).map(({ name }) => name));
    return [...new Set([...own, ...twins])].flatMap((cluster) => this.topic(cluster, topic.name) ?? []);
  }
}
