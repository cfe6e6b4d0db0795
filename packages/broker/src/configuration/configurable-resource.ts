/**
 * What can be configured while the cluster runs, each kind in the same way: its definitions, what is set, and how that
 * is replaced by something that was checked. Changes of values as a whole (AlterConfigs) and one by one
 * (IncrementalAlterConfigs) work on this.
 */
import { errorCodes } from '@millrace/wire';
import type { BrokerEndpoint } from '../broker-endpoint.ts';
import { groupDefinition } from '../groups/consumer/group-configurations.ts';
import type { Refusal } from '../storage-failure.ts';
import { checkSubscription, subscriptionDefinition } from '../telemetry/metric-subscriptions.ts';
import { topicNameProblem } from '../topics/topic-name.ts';
import { brokerDefinition } from './cluster-configuration.ts';
import { ConfigurationError, type Definition } from './definition.ts';
import { resourceTypes } from './resource-types.ts';
import { checkTopicConfiguration, effectiveValue, topicDefinition } from './topic-configuration.ts';

type Values = ReadonlyMap<string, string>;

export interface ConfigurableResource {
  /** Throws `ConfigurationError` when the resource has no configuration of that name. */
  definition(name: string): Definition;
  /** The value in force if the resource itself sets `values`. */
  inForce(definition: Definition, values: Values): string;
  /** What it sets now. */
  readonly values: Values;
  /**
   * Replaces what it sets by what `change` makes of it, or only checks that. Rejects with `ConfigurationError`, or with
   * what keeps the journal from being written.
   */
  replace(change: (present: Values) => Values, validateOnly: boolean): Promise<void>;
}

/** The resource of a type and name, or why there is none that can be configured. */
export function configurableResource(
  broker: BrokerEndpoint,
  resourceType: number,
  name: string,
): ConfigurableResource | Refusal {
  if (resourceType === resourceTypes.topic) return topicResource(broker, name);
  if (resourceType === resourceTypes.broker) return brokersRefusal(broker, name) ?? brokersResource(broker);
  if (resourceType === resourceTypes.group) {
    return name === '' ? invalid('Default group resources are not allowed.') : groupResource(broker, name);
  }
  if (resourceType === resourceTypes.clientMetrics) {
    return name === '' ? invalid("Subscription name can't be empty") : subscriptionResource(broker, name);
  }
  if (resourceType === resourceTypes.brokerLogger) return brokersRefusal(broker, name) ?? loggers;
  return invalid(`Unknown resource type ${resourceType}`);
}

/** Why a name is not that of a broker; empty is for all of them. */
export function brokersRefusal({ cluster }: BrokerEndpoint, name: string): Refusal | undefined {
  const isKnown = name === '' || cluster.endpoints.some(({ nodeId }) => String(nodeId) === name);
  return isKnown ? undefined : invalid(`there is no broker ${name}`);
}

function invalid(message: string): Refusal {
  return { errorCode: errorCodes.INVALID_REQUEST, message };
}

/** A broker's loggers: there are none whose level could be changed. */
const loggers: ConfigurableResource = {
  definition: (name) => {
    throw new ConfigurationError(name, `Logger ${name} does not exist!`);
  },
  inForce: () => '',
  values: new Map(),
  replace: async (change) => void change(new Map()),
};

function topicResource({ cluster }: BrokerEndpoint, name: string): ConfigurableResource | Refusal {
  const topic = cluster.topics.byName(name);
  if (topic === undefined) {
    const problem = topicNameProblem(name);
    if (problem !== undefined) return { errorCode: errorCodes.INVALID_TOPIC_EXCEPTION, message: problem };
    return { errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, message: `there is no topic ${name}` };
  }
  return {
    definition: topicDefinition,
    inForce: (definition, values) => effectiveValue(definition, values, cluster.configuration),
    values: topic.configuration,
    async replace(change, validateOnly) {
      const checked = (present: Values): Values => {
        const values = change(present);
        checkTopicConfiguration(values);
        return values;
      };
      if (validateOnly) checked(topic.configuration);
      else await cluster.topics.configure(topic, checked);
    },
  };
}

function brokersResource({ cluster }: BrokerEndpoint): ConfigurableResource {
  const { configuration, topics } = cluster;
  return {
    definition: brokerDefinition,
    inForce: ({ name }, values) => values.get(name) ?? configuration.text(name),
    values: configuration.dynamic,
    async replace(change, validateOnly) {
      const present = configuration.dynamic;
      const values = change(present);
      const changes = new Map<string, string | undefined>();
      for (const name of present.keys()) if (!values.has(name)) changes.set(name, undefined);
      for (const [name, value] of values) if (present.get(name) !== value) changes.set(name, value);
      configuration.checkDynamic(changes);
      if (validateOnly) return;
      await configuration.changeDynamic(changes);
      for (const topic of topics.all()) topic.forgetSettings();
    },
  };
}

function groupResource({ cluster }: BrokerEndpoint, group: string): ConfigurableResource {
  const { configurations } = cluster.groups;
  return {
    definition: groupDefinition,
    inForce: (definition, values) => values.get(definition.name) ?? configurations.text(group, definition),
    values: configurations.of(group),
    async replace(change, validateOnly) {
      const values = change(configurations.of(group));
      configurations.check(values);
      if (!validateOnly) await configurations.change(group, values);
    },
  };
}

function subscriptionResource({ cluster }: BrokerEndpoint, name: string): ConfigurableResource {
  const { subscriptions } = cluster.telemetry;
  return {
    definition: subscriptionDefinition,
    inForce: (definition, values) => values.get(definition.name) ?? definition.default,
    values: subscriptions.valuesOf(name),
    async replace(change, validateOnly) {
      const values = change(subscriptions.valuesOf(name));
      checkSubscription(values);
      if (!validateOnly) await subscriptions.change(name, values);
    },
  };
}
