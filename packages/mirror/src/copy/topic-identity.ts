/** Which topic is meant by a name: one that was deleted and made anew has another id. */

/** What brokers before Kafka 2.8 tell for each topic. */
const noTopicId = 'AAAAAAAAAAAAAAAAAAAAAA';

/** Whether the source tells which topic it is. */
export function isTopicIdKnown(topicId: string): boolean {
  return topicId !== noTopicId;
}

/** Whether two ids are surely of different topics. */
export function isAnotherTopic(left: string, right: string): boolean {
  return left !== right && isTopicIdKnown(left) && isTopicIdKnown(right);
}
