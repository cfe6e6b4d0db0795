/**
 * DescribeTopicPartitions, version 0: topics by name, page by page. There are no eligible leader replicas beyond the
 * ISR.
 */
import { describeTopicPartitions as api, errorCodes, type RequestOf, type ResponseDraft } from '@millrace/wire';
import type { Handler, RequestContext } from '../handler.ts';
import { allows, authorizedOperations } from '../security/authorization.ts';
import type { Topic } from '../topics/topic.ts';
import { describePartition } from '../topics/topic-description.ts';
import { topicNameProblem } from '../topics/topic-name.ts';

type Draft = ResponseDraft<typeof api>;
type TopicDraft = Draft['topics'][number];

/** Kafka's `max.request.partition.size.limit`. */
const partitionsMax = 2000;
const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA';

export const describeTopicPartitions: Handler<typeof api> = {
  api,

  handle(request, context) {
    const { cursor } = request;
    const isAll = request.topics.length === 0;
    const names = namesOf(request, context);
    const hidden = new Set(names.filter((name) => !allows(context, 'Describe', 'Topic', name)));
    const topics: TopicDraft[] = [];
    let left = Math.max(1, Math.min(request.responsePartitionLimit, partitionsMax));
    let nextCursor: Draft['nextCursor'] = null;
    for (const name of names) {
      if (hidden.has(name)) continue;
      const topic = context.broker.cluster.topics.byName(name);
      if (topic === undefined) {
        if (!isAll) topics.push(absent(name));
        continue;
      }
      if (left === 0) {
        nextCursor = { topicName: name, partitionIndex: 0 };
        break;
      }
      const first = cursor?.topicName === name ? Math.max(0, cursor.partitionIndex) : 0;
      const draft = describe(topic, first, left);
      topics.push({ ...draft, topicAuthorizedOperations: authorizedOperations(context, 'Topic', name) });
      left -= draft.partitions.length;
      if (first + draft.partitions.length < topic.partitions.length) {
        nextCursor = { topicName: name, partitionIndex: first + draft.partitions.length };
        break;
      }
    }
    if (isAll) return { topics, nextCursor };
    for (const name of hidden) topics.push(refused(name, errorCodes.TOPIC_AUTHORIZATION_FAILED));
    return { topics, nextCursor };
  },
};

/** The topics asked for, or all, in order of their names from the cursor on. */
function namesOf({ topics, cursor }: RequestOf<typeof api>, context: RequestContext): string[] {
  const asked = topics.map(({ name }) => name);
  const all = asked.length > 0 ? asked : [...context.broker.cluster.topics.all()].map(({ name }) => name);
  const names = [...new Set(all)].filter((name) => cursor === null || name >= cursor.topicName);
  return names.sort((left, right) => (left < right ? -1 : 1));
}

function describe(topic: Topic, first: number, count: number): TopicDraft {
  return {
    errorCode: errorCodes.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: false,
    partitions: topic.partitions.slice(first, first + count).map((partition) => ({
      ...describePartition(partition),
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
    })),
  };
}

function absent(name: string): TopicDraft {
  const { INVALID_TOPIC_EXCEPTION, UNKNOWN_TOPIC_OR_PARTITION } = errorCodes;
  return refused(name, topicNameProblem(name) === undefined ? UNKNOWN_TOPIC_OR_PARTITION : INVALID_TOPIC_EXCEPTION);
}

function refused(name: string, errorCode: number): TopicDraft {
  return { errorCode, name, topicId: zeroId, isInternal: false, partitions: [] };
}
