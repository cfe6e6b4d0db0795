/** Whether a request's principal may read or change the configuration of a resource. */
import { errorCodes } from '@millrace/wire';
import { resourceTypes } from '../configuration/resource-types.ts';
import type { RequestContext } from '../handler.ts';
import { allows, clusterResource } from './authorization.ts';

/**
 * The error for a resource whose configuration the principal may not touch so, or 0. What is configured but topics and
 * groups is the cluster's.
 */
export function configurationRefusal(
  context: RequestContext,
  operation: 'DescribeConfigs' | 'AlterConfigs',
  resourceType: number,
  name: string,
): number {
  if (resourceType === resourceTypes.topic) {
    return allows(context, operation, 'Topic', name) ? errorCodes.NONE : errorCodes.TOPIC_AUTHORIZATION_FAILED;
  }
  if (resourceType === resourceTypes.group) {
    return allows(context, operation, 'Group', name) ? errorCodes.NONE : errorCodes.GROUP_AUTHORIZATION_FAILED;
  }
  const isAllowed = allows(context, operation, 'Cluster', clusterResource);
  return isAllowed ? errorCodes.NONE : errorCodes.CLUSTER_AUTHORIZATION_FAILED;
}
