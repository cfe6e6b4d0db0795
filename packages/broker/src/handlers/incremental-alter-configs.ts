/**
 * IncrementalAlterConfigs, versions 0 and 1, for topics, groups, and brokers (whose values are the whole cluster's
 * here).
 */
import { isMillraceError } from '@millrace/base';
import {
  errorCodes,
  incrementalAlterConfigs as incrementalAlterConfigsApi,
  type RequestOf,
  type ResponseDraft,
} from '@millrace/wire';
import { brokerDefinition } from '../configuration/cluster-configuration.ts';
import { ConfigurationError, type Definition, listOf } from '../configuration/definition.ts';
import { resourceTypes } from '../configuration/resource-types.ts';
import { checkTopicConfiguration, effectiveValue, topicDefinition } from '../configuration/topic-configuration.ts';
import { groupDefinition } from '../groups/consumer/group-configurations.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { configurationRefusal } from '../security/configuration-permission.ts';
import { refusalOfStorage } from '../storage-failure.ts';

type Resource = RequestOf<typeof incrementalAlterConfigsApi>['resources'][number];
type Change = Resource['configs'][number];
type ResultDraft = ResponseDraft<typeof incrementalAlterConfigsApi>['responses'][number];

const operations = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

export const incrementalAlterConfigs: Handler<typeof incrementalAlterConfigsApi> = {
  api: incrementalAlterConfigsApi,

  async handle(request, context) {
    const responses: ResultDraft[] = [];
    for (const resource of request.resources) responses.push(await alter(resource, request.validateOnly, context));
    return { responses };
  },
};

async function alter(resource: Resource, validateOnly: boolean, context: RequestContext): Promise<ResultDraft> {
  const { resourceType, resourceName } = resource;
  const result = (errorCode: number, errorMessage: string | null): ResultDraft => ({
    errorCode,
    errorMessage,
    resourceType,
    resourceName,
  });
  const denied = configurationRefusal(context, 'AlterConfigs', resourceType, resourceName);
  if (denied !== errorCodes.NONE) return result(denied, null);
  try {
    if (resourceType === resourceTypes.topic) {
      const topic = context.broker.cluster.topics.byName(resourceName);
      if (topic === undefined) {
        return result(errorCodes.UNKNOWN_TOPIC_OR_PARTITION, `there is no topic ${resourceName}`);
      }
    } else if (resourceType === resourceTypes.group) {
      if (resourceName === '') return result(errorCodes.INVALID_REQUEST, 'Default group resources are not allowed.');
    } else if (resourceType !== resourceTypes.broker) {
      return result(errorCodes.INVALID_REQUEST, `resources of type ${resourceType} can't be configured`);
    } else if (!isBroker(resourceName, context)) {
      return result(errorCodes.INVALID_REQUEST, `there is no broker ${resourceName}`);
    }
    const alterResource = alterationOf(resourceType);
    const failure = await refusalOfStorage(() => alterResource(resource, validateOnly, context));
    return failure === undefined ? result(errorCodes.NONE, null) : result(failure.errorCode, failure.message);
  } catch (error) {
    if (!isMillraceError(error, 'invalid_configuration')) throw error;
    return result(errorCodes.INVALID_CONFIG, error.message);
  }
}

function alterationOf(resourceType: number): typeof alterTopic {
  if (resourceType === resourceTypes.topic) return alterTopic;
  return resourceType === resourceTypes.group ? alterGroup : alterBrokers;
}

/** Whether a name is that of a broker, or empty for all of them. */
function isBroker(name: string, context: RequestContext): boolean {
  return name === '' || context.broker.cluster.endpoints.some(({ nodeId }) => String(nodeId) === name);
}

async function alterTopic(resource: Resource, validateOnly: boolean, context: RequestContext): Promise<void> {
  const { cluster } = context.broker;
  const topic = cluster.topics.byName(resource.resourceName);
  if (topic === undefined) return;
  const change = (present: ReadonlyMap<string, string>): ReadonlyMap<string, string> => {
    const values = new Map(present);
    for (const asked of resource.configs) {
      const definition = topicDefinition(asked.name);
      const value = changedValue(definition, asked, effectiveValue(definition, values, cluster.configuration));
      if (value === undefined) values.delete(asked.name);
      else values.set(asked.name, value);
    }
    checkTopicConfiguration(values);
    return values;
  };
  if (validateOnly) change(topic.configuration);
  else await cluster.topics.configure(topic, change);
}

async function alterGroup(resource: Resource, validateOnly: boolean, context: RequestContext): Promise<void> {
  const { configurations } = context.broker.cluster.groups;
  const { resourceName: group } = resource;
  const values = new Map(configurations.of(group));
  for (const asked of resource.configs) {
    const definition = groupDefinition(asked.name);
    const value = changedValue(definition, asked, configurations.text(group, definition));
    if (value === undefined) values.delete(asked.name);
    else values.set(asked.name, value);
  }
  configurations.check(values);
  if (!validateOnly) await configurations.change(group, values);
}

async function alterBrokers(resource: Resource, validateOnly: boolean, context: RequestContext): Promise<void> {
  const { configuration, topics } = context.broker.cluster;
  const changes = new Map<string, string | undefined>();
  for (const change of resource.configs) {
    const definition = brokerDefinition(change.name);
    changes.set(change.name, changedValue(definition, change, configuration.text(change.name)));
  }
  configuration.checkDynamic(changes);
  if (validateOnly) return;
  await configuration.changeDynamic(changes);
  for (const topic of topics.all()) topic.forgetSettings();
}

/** The value after a change, or undefined when it is unset. */
function changedValue(definition: Definition, change: Change, current: string): string | undefined {
  const { name, configOperation, value } = change;
  if (configOperation === operations.delete) return undefined;
  if (value === null) throw new ConfigurationError(name, `configuration ${name} can't be set to null`);
  if (configOperation === operations.set) return value;
  if (configOperation !== operations.append && configOperation !== operations.subtract) {
    throw new ConfigurationError(name, `${configOperation} is no operation on configuration ${name}`);
  }
  if (definition.type !== 'list') throw new ConfigurationError(name, `configuration ${name} is no list`);
  const elements = listOf(current);
  const named = listOf(value);
  return configOperation === operations.append
    ? [...new Set([...elements, ...named])].join(',')
    : elements.filter((element) => !named.includes(element)).join(',');
}
