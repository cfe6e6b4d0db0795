/**
 * ConsumerGroupHeartbeat, versions 0 and 1 (KIP-848). From version 1 on the client chooses its member id and may name
 * topics by a pattern; of those that the pattern matches a member gets what it may describe.
 */
import { consumerGroupHeartbeat as consumerGroupHeartbeatApi, errorCodes } from '@millrace/wire';
import { refused } from '../groups/consumer/heartbeat.ts';
import { coordinatesGroup } from '../groups/coordinator-endpoint.ts';
import type { Handler } from '../handler.ts';
import { allows } from '../security/authorization.ts';

export const consumerGroupHeartbeat: Handler<typeof consumerGroupHeartbeatApi> = {
  api: consumerGroupHeartbeatApi,

  handle(request, context) {
    const { broker, apiVersion, clientId, clientHost } = context;
    const refuse = (errorCode: number) => refused({ errorCode, message: null });
    if (broker.cluster.features.level('group.version') < 1) return refuse(errorCodes.UNSUPPORTED_VERSION);
    if (!allows(context, 'Read', 'Group', request.groupId)) return refuse(errorCodes.GROUP_AUTHORIZATION_FAILED);
    const mayKnow = (topicName: string): boolean => allows(context, 'Describe', 'Topic', topicName);
    if (request.subscribedTopicNames?.every(mayKnow) === false) return refuse(errorCodes.TOPIC_AUTHORIZATION_FAILED);
    if (!coordinatesGroup(broker, request.groupId)) return refuse(errorCodes.NOT_COORDINATOR);
    // Kafka shows the host of a member with a slash before it, and tools print it so.
    const client = { clientId, clientHost: `/${clientHost}`, apiVersion };
    return broker.cluster.groups.consumerHeartbeat(request, client, mayKnow);
  },
};
