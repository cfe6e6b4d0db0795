/** DescribeConfigs, versions 1 to 4, for topics, brokers and groups. */
import { describeConfigs as describeConfigsApi, errorCodes, type RequestOf, type ResponseDraft } from '@millrace/wire';
import {
  brokerConfigurationEntries,
  type DescribedEntry,
  groupConfigurationEntries,
  topicConfigurationEntries,
} from '../configuration/describe-configuration.ts';
import { resourceTypes } from '../configuration/resource-types.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { configurationRefusal } from '../security/configuration-permission.ts';

type Request = RequestOf<typeof describeConfigsApi>;
type ResultDraft = ResponseDraft<typeof describeConfigsApi>['results'][number];

export const describeConfigs: Handler<typeof describeConfigsApi> = {
  api: describeConfigsApi,

  handle(request, context) {
    return { results: request.resources.map((resource) => describe(resource, request, context)) };
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
      return refused(errorCodes.UNKNOWN_TOPIC_OR_PARTITION, `there is no topic ${resourceName}`);
    }
    entries = topicConfigurationEntries(topic.configuration, cluster.configuration);
  } else if (resourceType === resourceTypes.broker) {
    const known = resourceName === '' || cluster.endpoints.some(({ nodeId }) => String(nodeId) === resourceName);
    if (!known) return refused(errorCodes.INVALID_REQUEST, `there is no broker ${resourceName}`);
    entries = brokerConfigurationEntries(cluster.configuration);
  } else if (resourceType === resourceTypes.group) {
    if (resourceName === '') return refused(errorCodes.INVALID_REQUEST, 'Group name must not be empty');
    entries = groupConfigurationEntries(cluster.groups.configurations.of(resourceName), cluster.configuration);
  } else return refused(errorCodes.INVALID_REQUEST, `resources of type ${resourceType} can't be described`);
  const wanted = configurationKeys === null ? entries : entries.filter(({ name }) => configurationKeys.includes(name));
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
