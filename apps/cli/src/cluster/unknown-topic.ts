import { MillraceError, nearest } from '@millrace/base';
import type { Admin, KafkaError, TopicDescription } from '@millrace/client';
import type { OpenCluster } from './open-cluster.ts';

/** A topic was named that the cluster does not have. */
export class NoSuchTopicError extends MillraceError {
  readonly code = 'unknown_topic';
  readonly topic: string;

  constructor(topic: string, cluster: string, meant: string | undefined) {
    const question = meant === undefined ? '' : `; did you mean '${meant}'?`;
    super(`there is no topic '${topic}' on ${cluster}${question}`, {
      hint: 'See `millrace topic list`, or make it with `millrace topic create`.',
    });
    this.topic = topic;
  }
}

/** Whether a broker's answer says that the topic (or partition) is not there. */
export function saysUnknown(error: KafkaError | undefined): boolean {
  return error?.errorName === 'UNKNOWN_TOPIC_OR_PARTITION' || error?.errorName === 'INVALID_TOPIC_EXCEPTION';
}

/** The error for a topic that is not there, with the name that may have been meant. */
export async function noSuchTopic(topic: string, cluster: OpenCluster): Promise<NoSuchTopicError> {
  const topics = await cluster.admin.listTopics();
  const meant = nearest(
    topic,
    topics.map((listing) => listing.topic),
  );
  return new NoSuchTopicError(topic, cluster.name, meant);
}

/** Descriptions of topics that must be there. */
export async function describeExistingTopics(
  cluster: OpenCluster,
  topics: readonly string[],
  options: Parameters<Admin['describeTopics']>[1],
): Promise<(TopicDescription & { readonly topic: string })[]> {
  const results = await cluster.admin.describeTopics(topics, options);
  const found: (TopicDescription & { readonly topic: string })[] = [];
  for (const result of results) {
    if (result.error === undefined) found.push(result);
    else throw saysUnknown(result.error) ? await noSuchTopic(result.topic, cluster) : result.error;
  }
  return found;
}
