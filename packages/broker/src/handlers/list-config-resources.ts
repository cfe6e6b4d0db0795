/** ListConfigResources: version 0 names subscriptions to clients' metrics only (KIP-714), 1 any type (KIP-1142). */
import { errorCodes, listConfigResources as listConfigResourcesApi, type ResponseDraft } from '@millrace/wire';
import { resourceTypes } from '../configuration/resource-types.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { allows, clusterResource } from '../security/authorization.ts';

type Draft = ResponseDraft<typeof listConfigResourcesApi>;

const listed: readonly number[] = Object.values(resourceTypes);

export const listConfigResources: Handler<typeof listConfigResourcesApi> = {
  api: listConfigResourcesApi,

  handle(request, context) {
    if (!allows(context, 'DescribeConfigs', 'Cluster', clusterResource)) {
      return { errorCode: errorCodes.CLUSTER_AUTHORIZATION_FAILED, configResources: [] };
    }
    const asked = context.apiVersion === 0 ? [resourceTypes.clientMetrics] : request.resourceTypes;
    if (asked.some((type) => !listed.includes(type))) {
      return { errorCode: errorCodes.UNSUPPORTED_VERSION, configResources: [] };
    }
    const configResources: Draft['configResources'][number][] = [];
    for (const resourceType of new Set(asked.length === 0 ? listed : asked)) {
      for (const resourceName of namesOf(resourceType, context)) configResources.push({ resourceName, resourceType });
    }
    return { errorCode: errorCodes.NONE, configResources };
  },
};

function namesOf(resourceType: number, { broker }: RequestContext): Iterable<string> {
  const { endpoints, groups, telemetry, topics } = broker.cluster;
  if (resourceType === resourceTypes.topic) return [...topics.all()].map(({ name }) => name);
  if (resourceType === resourceTypes.group) return groups.configurations.ids();
  if (resourceType === resourceTypes.clientMetrics) return telemetry.subscriptions.names();
  return endpoints.map(({ nodeId }) => String(nodeId));
}
