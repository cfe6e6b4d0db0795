import { MillraceError, nearest, sleep, systemTimers } from '@millrace/base';
import type { Admin, AdminCallOptions, KafkaError, TopicDescription } from '@millrace/client';
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

/** A topic that was just created is known to all brokers only after a moment. */
const UNKNOWN_MS_MAX = 1_000;
const CREATED_MS_MAX = 10_000;
const ASK_AGAIN_MS = 50;

/** Descriptions of topics that must be there, or become known within a moment. */
export async function describeExistingTopics(
  cluster: OpenCluster,
  topics: readonly string[],
  options: AdminCallOptions,
): Promise<(TopicDescription & { readonly topic: string })[]> {
  const results = await describeOnceKnown(cluster, topics, options, UNKNOWN_MS_MAX);
  const found: (TopicDescription & { readonly topic: string })[] = [];
  for (const result of results) {
    if (result.error === undefined) found.push(result);
    else throw saysUnknown(result.error) ? await noSuchTopic(result.topic, cluster) : result.error;
  }
  return found;
}

/** Waits, within bounds, until topics that were just created are known to those who ask the cluster. */
export async function untilKnown(
  cluster: OpenCluster,
  topics: readonly string[],
  options: AdminCallOptions,
): Promise<void> {
  await describeOnceKnown(cluster, topics, options, CREATED_MS_MAX);
}

async function describeOnceKnown(
  { admin }: OpenCluster,
  topics: readonly string[],
  options: AdminCallOptions,
  unknownMsMax: number,
): ReturnType<Admin['describeTopics']> {
  const deadline = performance.now() + unknownMsMax;
  for (;;) {
    const results = await admin.describeTopics(topics, options);
    if (!results.some(({ error }) => saysUnknown(error)) || performance.now() > deadline) return results;
    await sleep(systemTimers, ASK_AGAIN_MS, options.signal);
  }
}
