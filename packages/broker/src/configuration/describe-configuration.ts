/** Configuration as the protocol tells it: values with their source, type and documentation. */

import { subscriptionDefinitions } from '../telemetry/metric-subscriptions.ts';
import type { ClusterConfiguration } from './cluster-configuration.ts';
import { groupDefinitions } from './consumer-group-definitions.ts';
import type { ConfigurationType, Definition } from './definition.ts';
import { topicDefinitions } from './topic-definitions.ts';

/** One configuration value as DescribeConfigs and CreateTopics answer it. */
export interface DescribedEntry {
  readonly name: string;
  /** Null when it is a secret. */
  readonly value: string | null;
  readonly isSensitive: boolean;
  readonly readOnly: boolean;
  readonly configSource: number;
  readonly configType: number;
  readonly documentation: string;
  /** Where the value would come from, the one in force first. */
  readonly synonyms: readonly { readonly name: string; readonly value: string | null; readonly source: number }[];
}

/** Numbers of `DescribeConfigsResponse.ConfigSource`. */
const sources = { topic: 1, dynamic: 3, static: 4, default: 5, clientMetrics: 7, group: 8 } as const;

const types: Record<ConfigurationType, number> = {
  boolean: 1,
  string: 2,
  int: 3,
  long: 5,
  double: 6,
  list: 7,
  password: 9,
};

/** What is in force for a topic that sets `own`. */
export function topicConfigurationEntries(
  own: ReadonlyMap<string, string>,
  cluster: ClusterConfiguration,
): DescribedEntry[] {
  return topicDefinitions.map((definition) => inheriting(definition, own, sources.topic, cluster));
}

/** What is in force for a group that sets `own`. */
export function groupConfigurationEntries(
  own: ReadonlyMap<string, string>,
  cluster: ClusterConfiguration,
): DescribedEntry[] {
  return groupDefinitions.map((definition) => inheriting(definition, own, sources.group, cluster));
}

/** What is in force for a subscription to clients' metrics that sets `own`. */
export function subscriptionEntries(own: ReadonlyMap<string, string>): DescribedEntry[] {
  return subscriptionDefinitions.map((definition) => {
    const { name } = definition;
    const value = own.get(name);
    const synonyms = value === undefined ? [] : [{ name, value, source: sources.clientMetrics }];
    return entryOf(definition, name, synonyms, false);
  });
}

/** What is in force of one configuration that, unless it is set itself, is that of the brokers. */
function inheriting(
  definition: Definition,
  own: ReadonlyMap<string, string>,
  source: number,
  cluster: ClusterConfiguration,
): DescribedEntry {
  const { name, brokerName } = definition;
  const value = own.get(name);
  const inherited = brokerName === undefined ? [] : layersOf(brokerName, cluster);
  const synonyms = value === undefined ? inherited : [{ name, value, source }, ...inherited];
  return entryOf(definition, name, synonyms, false);
}

function layersOf(name: string, cluster: ClusterConfiguration): DescribedEntry['synonyms'] {
  return cluster.layersOf(name).map((layer) => ({ name, value: layer.value, source: sources[layer.source] }));
}

/** What was set for all brokers while the cluster runs; that it wins over something else is not told here. */
export function dynamicConfigurationEntries(cluster: ClusterConfiguration): DescribedEntry[] {
  return brokerConfigurationEntries(cluster)
    .filter(({ configSource }) => configSource === sources.dynamic)
    .map((entry) => ({ ...entry, synonyms: entry.synonyms.slice(0, 1) }));
}

export function brokerConfigurationEntries(cluster: ClusterConfiguration): DescribedEntry[] {
  return cluster.entries().map(({ definition }) => {
    const { name } = definition;
    return entryOf(definition, name, layersOf(name, cluster), !definition.dynamic);
  });
}

function entryOf(
  definition: Definition,
  name: string,
  synonyms: DescribedEntry['synonyms'],
  readOnly: boolean,
): DescribedEntry {
  const inForce = synonyms[0];
  const isSensitive = definition.type === 'password';
  return {
    name,
    value: isSensitive ? null : (inForce?.value ?? definition.default),
    isSensitive,
    readOnly,
    configSource: inForce?.source ?? sources.default,
    configType: types[definition.type],
    documentation: definition.documentation,
    synonyms: isSensitive ? synonyms.map((each) => ({ ...each, value: null })) : synonyms,
  };
}
