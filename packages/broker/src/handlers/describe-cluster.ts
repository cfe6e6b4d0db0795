/** DescribeCluster, versions 0 to 2. */
import { describeCluster as describeClusterApi, errorCodes } from '@millrace/wire';
import type { Handler } from '../handler.ts';

const brokersEndpoint = 1;

export const describeCluster: Handler<typeof describeClusterApi> = {
  api: describeClusterApi,

  handle(request, context) {
    const { clusterId, endpoints, replication } = context.broker.cluster;
    if (request.endpointType !== brokersEndpoint) {
      const errorMessage = 'only broker endpoints can be described here';
      return {
        errorCode: errorCodes.MISMATCHED_ENDPOINT_TYPE,
        errorMessage,
        clusterId: '',
        brokers: [],
        endpointType: brokersEndpoint,
      };
    }
    return {
      errorCode: errorCodes.NONE,
      endpointType: request.endpointType,
      clusterId,
      controllerId: replication.controller.nodeId,
      brokers: endpoints.map(({ nodeId, host, port, rack }) => ({ brokerId: nodeId, host, port, rack })),
    };
  },
};
