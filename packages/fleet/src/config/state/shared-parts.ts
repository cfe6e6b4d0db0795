/**
 * What all answers follow from besides their application: clusters, mirrors, rules, where topics were moved. One object
 * stays as long as nothing in it changes, so that whoever derives something from it knows by identity what to derive
 * again.
 */
import type { ClientSetting, Cluster, Mirror } from '@millrace/api/declared';
import type { DeclaredFleet } from '../../record/record.ts';
import type { ClusterWay, KnownParts } from '../answers/answer-content.ts';
import type { Home, PlaceQuestion } from '../answers/home-cluster.ts';
import { SettingLayers } from '../answers/layered-settings.ts';
import { wayOf } from './cluster-facts.ts';
import { type ConfigState, homeOf, stayKey } from './read-config.ts';

export interface SharedSources {
  readonly fleet: DeclaredFleet;
  readonly config: ConfigState;
}

export class SharedParts implements KnownParts {
  readonly rules: readonly ClientSetting[];
  readonly mirrors: readonly Mirror[];
  readonly #clusters: ReadonlyMap<string, Cluster>;
  readonly #ways: ReadonlyMap<string, ClusterWay>;
  readonly #homes: ConfigState['homes'];
  readonly #stays: ConfigState['stays'];
  /** Everything that may differ while the declarations are the same objects. */
  readonly #rest: string;
  #layers = new SettingLayers();

  private constructor({ fleet, config }: SharedSources) {
    this.rules = fleet.list('client_setting').map(({ spec }) => spec);
    this.mirrors = fleet.list('mirror').map(({ spec }) => spec);
    const clusters = fleet.list('cluster').map(({ spec }) => spec);
    this.#clusters = new Map(clusters.map((spec) => [spec.name, spec]));
    this.#ways = new Map(clusters.map((spec) => [spec.name, wayOf(spec, config.clusters.get(spec.name))]));
    this.#homes = config.homes;
    this.#stays = config.stays;
    const homes = [...config.homes].map(([topic, ofTopic]) => [topic, ...ofTopic]);
    this.#rest = JSON.stringify([[...this.#ways], homes, [...this.#stays]]);
  }

  /** The one before, where nothing has changed since. */
  static next(sources: SharedSources, before: SharedParts | undefined): SharedParts {
    const next = new SharedParts(sources);
    if (before?.isSame(next)) return before;
    next.#layers = new SettingLayers(before?.layers);
    return next;
  }

  get layers(): SettingLayers {
    return this.#layers;
  }

  isSame(other: SharedParts): boolean {
    return (
      this.#rest === other.#rest &&
      isSameList(this.rules, other.rules) &&
      isSameList(this.mirrors, other.mirrors) &&
      isSameList([...this.#clusters.values()], [...other.#clusters.values()])
    );
  }

  cluster(name: string): Cluster | undefined {
    return this.#clusters.get(name);
  }

  home(application: string, topic: string): Home | undefined {
    return homeOf(this.#homes, application, topic);
  }

  stay(application: string, question: PlaceQuestion): string | undefined {
    return this.#stays.get(stayKey(application, question));
  }

  way(cluster: string): ClusterWay {
    return this.#ways.get(cluster) ?? nothingKnown;
  }
}

const nothingKnown: ClusterWay = { settings: {}, brokers: [], clusterId: null };

function isSameList<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((each, index) => each === other[index]);
}
