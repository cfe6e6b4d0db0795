/**
 * DescribeConfigs, versions 1 to 4, for topics, brokers, groups and subscriptions to clients' metrics. There are no
 * loggers whose levels could be told, so a broker has none.
 */
import { describeConfigs as describeConfigsApi, errorCodes, type RequestOf, type ResponseDraft } from '@millrace/wire';
import { brokersRefusal } from '../configuration/configurable-resource.ts';
import {
  brokerConfigurationEntries,
  type DescribedEntry,
  dynamicConfigurationEntries,
  groupConfigurationEntries,
  subscriptionEntries,
  topicConfigurationEntries,
} from '../configuration/describe-configuration.ts';
import { resourceTypes } from '../configuration/resource-types.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { configurationRefusal } from '../security/configuration-permission.ts';
import { inSlices } from '../time-slices.ts';
import { topicNameProblem } from '../topics/topic-name.ts';

type Request = RequestOf<typeof describeConfigsApi>;
type ResultDraft = ResponseDraft<typeof describeConfigsApi>['results'][number];

export const describeConfigs: Handler<typeof describeConfigsApi> = {
  api: describeConfigsApi,

  async handle(request, context) {
    const { platform } = context.broker.cluster;
    return { results: await inSlices(platform, request.resources, (each) => describe(each, request, context)) };
  },
};

function describe(resource: Request['resources'][number], request: Request, context: RequestContext): ResultDraft {
  const { resourceType, resourceName, configurationKeys } = resource;
  const { cluster } = context.broker;
  const refused = (errorCode: number, errorMessage: string | null): ResultDraft => ({
    errorCode,
    errorMessage,
    resourceType,
    resourceName,
    configs: [],
  });
  const denied = configurationRefusal(context, 'DescribeConfigs', resourceType, resourceName);
  if (denied !== errorCodes.NONE) return refused(denied, null);
  let entries: DescribedEntry[];
  if (resourceType === resourceTypes.topic) {
    const topic = cluster.topics.byName(resourceName);
    if (topic === undefined) {
      const problem = topicNameProblem(resourceName);
      if (problem !== undefined) return refused(errorCodes.INVALID_TOPIC_EXCEPTION, problem);
      return refused(errorCodes.UNKNOWN_TOPIC_OR_PARTITION, `there is no topic ${resourceName}`);
    }
    entries = topicConfigurationEntries(topic.configuration, cluster.configuration);
  } else if (resourceType === resourceTypes.broker) {
    const refusal = brokersRefusal(context.broker, resourceName);
    if (refusal !== undefined) return refused(refusal.errorCode, refusal.message);
    entries =
      resourceName === ''
        ? dynamicConfigurationEntries(cluster.configuration)
        : brokerConfigurationEntries(cluster.configuration);
  } else if (resourceType === resourceTypes.brokerLogger) {
    if (resourceName === '') return refused(errorCodes.INVALID_REQUEST, 'Broker id must not be empty');
    const refusal = brokersRefusal(context.broker, resourceName);
    if (refusal !== undefined) return refused(refusal.errorCode, refusal.message);
    entries = [];
  } else if (resourceType === resourceTypes.clientMetrics) {
    if (resourceName === '') {
      return refused(errorCodes.INVALID_REQUEST, 'Client metrics subscription name must not be empty');
    }
    entries = subscriptionEntries(cluster.telemetry.subscriptions.valuesOf(resourceName));
  } else if (resourceType === resourceTypes.group) {
    if (resourceName === '') return refused(errorCodes.INVALID_REQUEST, 'Group name must not be empty');
    entries = groupConfigurationEntries(cluster.groups.configurations.of(resourceName), cluster.configuration);
  } else return refused(errorCodes.INVALID_REQUEST, `resources of type ${resourceType} can't be described`);
  const wanted = configurationKeys?.length ? entries.filter(({ name }) => configurationKeys.includes(name)) : entries;
  return {
    errorCode: 0,
    errorMessage: null,
    resourceType,
    resourceName,
    configs: wanted.map((entry) => ({
      ...entry,
      synonyms: request.includeSynonyms ? entry.synonyms : [],
      documentation: request.includeDocumentation ? entry.documentation : null,
    })),
  };
}
