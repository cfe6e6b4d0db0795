/** Configuration of topics, brokers and others: describe, change, list what has some. */
import {
  type DescribeConfigsResponse,
  describeConfigs,
  incrementalAlterConfigs,
  listConfigResources,
} from '@millrace/wire';
import type { ConfigurationChange, ConfigurationEntry, ConfigurationResource, ItemResult } from '../admin.ts';
import type { AclOperation, NeededAccess } from '../authorization.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import { InvalidOptionError, UnsupportedApiError } from '../errors.ts';
import { itemResults } from './item-results.ts';
import { type Attempt, onAny, onBroker, throwIfFailed } from './routes.ts';

type EntryAnswer = DescribeConfigsResponse['results'][number]['configs'][number];

const typeIds = { topic: 2, broker: 4, 'broker-logger': 8, 'client-metrics': 16, group: 32 } as const;

const operationIds = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

const sources: readonly ConfigurationEntry['source'][] = [
  'unknown',
  'topic',
  'dynamic-broker',
  'dynamic-default-broker',
  'static-broker',
  'default',
  'dynamic-broker-logger',
  'client-metrics',
  'group',
];

const valueTypes: readonly ConfigurationEntry['type'][] = [
  'unknown',
  'boolean',
  'string',
  'int',
  'short',
  'long',
  'double',
  'list',
  'class',
  'password',
];

export async function describeResources(
  cluster: Cluster,
  resources: readonly (ConfigurationResource & { readonly keys?: readonly string[] | undefined })[],
  documentation: boolean,
  bounds: CallBounds,
): Promise<ItemResult<ConfigurationResource, { readonly entries: readonly ConfigurationEntry[] }>[]> {
  const groups = byBroker(resources);
  const answers = await Promise.all(
    groups.map(([nodeId, group]) =>
      onBrokerOrAny(cluster, nodeId, bounds, async (connection, timeoutMs) => {
        const draft = {
          resources: group.map(({ type, name, keys }) => ({
            resourceType: typeIds[type],
            resourceName: name,
            configurationKeys: keys ?? null,
          })),
          includeSynonyms: true,
          ...(connection.supports(describeConfigs, 3) ? { includeDocumentation: documentation } : {}),
        };
        return (await connection.request(describeConfigs, draft, { timeoutMs })).results;
      }),
    ),
  );
  const all = answers.flat();
  return itemResults(
    resources.map(({ type, name }) => ({ type, name })),
    ({ type, name }) => all.find((answer) => answer.resourceType === typeIds[type] && answer.resourceName === name),
    ({ type, name }) => `describe the configuration of ${type} ${name}`,
    ({ configs }) => ({ entries: configs.map(entryOf) }),
    describing,
  );
}

export async function alterResources(
  cluster: Cluster,
  resources: readonly (ConfigurationResource & { readonly changes: readonly ConfigurationChange[] })[],
  validateOnly: boolean,
  bounds: CallBounds,
): Promise<ItemResult<ConfigurationResource>[]> {
  const groups = byBroker(resources);
  const answers = await Promise.all(
    groups.map(([nodeId, group]) =>
      onBrokerOrAny(cluster, nodeId, bounds, async (connection, timeoutMs) => {
        const draft = {
          resources: group.map(({ type, name, changes }) => ({
            resourceType: typeIds[type],
            resourceName: name,
            configs: changes.map((change) => ({
              name: change.name,
              configOperation: operationIds[change.operation],
              value: change.operation === 'delete' ? null : change.value,
            })),
          })),
          validateOnly,
        };
        return (await connection.request(incrementalAlterConfigs, draft, { timeoutMs })).responses;
      }),
    ),
  );
  const all = answers.flat();
  return itemResults(
    resources.map(({ type, name }) => ({ type, name })),
    ({ type, name }) => all.find((answer) => answer.resourceType === typeIds[type] && answer.resourceName === name),
    ({ type, name }) => `change the configuration of ${type} ${name}`,
    () => ({}),
    (resource) => access('alter-configs', resource),
  );
}

/** Resources by the broker that must be asked: a broker's own by itself, all else (undefined) by anyone. */
function byBroker<R extends ConfigurationResource>(resources: readonly R[]): [number | undefined, R[]][] {
  const groups = new Map<number | undefined, R[]>();
  for (const resource of resources) {
    const isBroker = resource.type === 'broker' || resource.type === 'broker-logger';
    const nodeId = isBroker && resource.name !== '' ? Number(resource.name) : undefined;
    if (nodeId !== undefined && !Number.isInteger(nodeId)) {
      throw new InvalidOptionError('name', `of a broker resource must be its node id, but is "${resource.name}"`);
    }
    groups.set(nodeId, [...(groups.get(nodeId) ?? []), resource]);
  }
  return [...groups];
}

function onBrokerOrAny<T>(
  cluster: Cluster,
  nodeId: number | undefined,
  bounds: CallBounds,
  attempt: Attempt<T>,
): Promise<T> {
  return nodeId === undefined ? onAny(cluster, bounds, attempt) : onBroker(cluster, nodeId, bounds, attempt);
}

export async function listResources(
  cluster: Cluster,
  types: readonly ConfigurationResource['type'][],
  bounds: CallBounds,
): Promise<ConfigurationResource[]> {
  return onAny(cluster, bounds, async (connection, timeoutMs) => {
    const isOld = connection.version(listConfigResources) === 0;
    if (isOld && types.some((type) => type !== 'client-metrics')) {
      const detail = ' for other types than client-metrics';
      throw new UnsupportedApiError(listConfigResources.name, connection.broker, detail);
    }
    const draft = isOld ? {} : { resourceTypes: types.map((type) => typeIds[type]) };
    const response = await connection.request(listConfigResources, draft, { timeoutMs });
    throwIfFailed(response, 'list resources that have a configuration', describing({ type: 'broker', name: '' }));
    const words = Object.keys(typeIds) as ConfigurationResource['type'][];
    return response.configResources.flatMap(({ resourceType, resourceName }) => {
      const type = words.find((word) => typeIds[word] === resourceType);
      return type === undefined ? [] : [{ type, name: resourceName }];
    });
  });
}

function describing(resource: ConfigurationResource): NeededAccess {
  return access('describe-configs', resource);
}

function access(operation: AclOperation, { type, name }: ConfigurationResource): NeededAccess {
  if (type === 'topic' || type === 'group') return { operation, resourceType: type, resourceName: name };
  return { operation, resourceType: 'cluster', resourceName: 'kafka-cluster' };
}

function entryOf(entry: EntryAnswer): ConfigurationEntry {
  return {
    name: entry.name,
    value: entry.value,
    readOnly: entry.readOnly,
    sensitive: entry.isSensitive,
    source: sources[entry.configSource] ?? 'unknown',
    type: valueTypes[entry.configType] ?? 'unknown',
    documentation: entry.documentation === '' ? null : entry.documentation,
    synonyms: entry.synonyms.map(({ name, value, source }) => ({ name, value, source: sources[source] ?? 'unknown' })),
  };
}
