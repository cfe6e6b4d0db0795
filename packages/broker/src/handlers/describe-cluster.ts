/** DescribeCluster, versions 0 to 2. */
import { type DescribeClusterRequest, describeCluster as describeClusterApi, errorCodes } from '@millrace/wire';
import { addressFor, type BrokerEndpoint } from '../broker-endpoint.ts';
import type { Handler, RequestContext } from '../handler.ts';
import { allows, authorizedOperations, clusterResource } from '../security/authorization.ts';

const endpointTypes = { brokers: 1, controllers: 2 } as const;

export const describeCluster: Handler<typeof describeClusterApi> = {
  api: describeClusterApi,

  handle(request, context) {
    const { clusterId, endpoints, fencedEndpoints, replication } = context.broker.cluster;
    const { endpointType } = request;
    if (endpointType !== endpointTypes.brokers) {
      const isKnown = endpointType === endpointTypes.controllers;
      return {
        errorCode: isKnown ? errorCodes.MISMATCHED_ENDPOINT_TYPE : errorCodes.UNSUPPORTED_ENDPOINT_TYPE,
        errorMessage: isKnown
          ? 'this is a broker; controllers can be described only at a controller'
          : `there are no endpoints of type ${endpointType}`,
        clusterId: '',
        brokers: [],
        endpointType: endpointTypes.brokers,
      };
    }
    const fenced = request.includeFencedBrokers ? fencedEndpoints : [];
    return {
      errorCode: errorCodes.NONE,
      endpointType,
      clusterId,
      clusterAuthorizedOperations: operationsOf(request, context),
      controllerId: replication.controller.nodeId,
      brokers: [
        ...endpoints.map((endpoint) => describe(endpoint, context, false)),
        ...fenced.map((endpoint) => describe(endpoint, context, true)),
      ],
    };
  },
};

/** The bits of what the principal may do to the cluster, where they are asked for (KIP-430). */
function operationsOf({ includeClusterAuthorizedOperations }: DescribeClusterRequest, context: RequestContext) {
  if (!includeClusterAuthorizedOperations) return undefined;
  const mayDescribe = allows(context, 'Describe', 'Cluster', clusterResource);
  return mayDescribe ? authorizedOperations(context, 'Cluster', clusterResource) : 0;
}

function describe(endpoint: BrokerEndpoint, { connection }: RequestContext, isFenced: boolean) {
  const { nodeId, rack } = endpoint;
  return { brokerId: nodeId, ...addressFor(endpoint, connection.listener), rack, isFenced };
}
