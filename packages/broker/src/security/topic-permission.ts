/** Whether a request's principal may do something to the topic that it names, by name or by id. */
import { errorCodes } from '@millrace/wire';
import type { RequestContext } from '../handler.ts';
import { allows, type Operation } from './authorization.ts';

/**
 * The error for a topic that the principal may not use so, or 0. Of a name it does not tell whether the topic exists;
 * an id that belongs to no topic is for the caller to refuse.
 */
export function topicRefusal(context: RequestContext, operation: Operation, name: string, topicId = ''): number {
  const { cluster } = context.broker;
  if (cluster.authorizer === undefined) return errorCodes.NONE;
  const known = name === '' ? cluster.topics.find(null, topicId)?.name : name;
  if (known === undefined || allows(context, operation, 'Topic', known)) return errorCodes.NONE;
  return errorCodes.TOPIC_AUTHORIZATION_FAILED;
}
