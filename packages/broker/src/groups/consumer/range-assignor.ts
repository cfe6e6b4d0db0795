/**
 * The assignor `range`: of each topic every subscriber gets partitions that follow each other. Members come in the same
 * order for every topic, static ones first by their instance ids, so that topics with as many partitions and the same
 * subscribers are divided alike, and what belongs together by partition number stays together.
 */
import { addPartitions } from './assignment.ts';
import type { Assignor, Subscriber } from './assignor.ts';

export const rangeAssignor: Assignor = (subscribers, partitionCounts) => {
  const ordered = [...subscribers].sort(compareMembers);
  const assignments = new Map(ordered.map(({ id }) => [id, new Map<string, Set<number>>()]));
  for (const [topicId, members] of subscribersByTopic(ordered)) {
    const count = partitionCounts.get(topicId) ?? 0;
    const least = Math.floor(count / members.length);
    const withOneMore = count % members.length;
    let first = 0;
    for (const [index, { id }] of members.entries()) {
      const size = least + (index < withOneMore ? 1 : 0);
      const own = assignments.get(id);
      if (own !== undefined) addPartitions(own, topicId, numbersFrom(first, size));
      first += size;
    }
  }
  return assignments;
};

/** Static members before others; then by instance id, or member id. */
function compareMembers(left: Subscriber, right: Subscriber): number {
  if ((left.instanceId === null) !== (right.instanceId === null)) return left.instanceId === null ? 1 : -1;
  return (left.instanceId ?? left.id) < (right.instanceId ?? right.id) ? -1 : 1;
}

/** Keeps the order of the members in each topic. */
export function subscribersByTopic(subscribers: readonly Subscriber[]): Map<string, Subscriber[]> {
  const byTopic = new Map<string, Subscriber[]>();
  for (const subscriber of subscribers) {
    for (const topicId of subscriber.topicIds) {
      const others = byTopic.get(topicId);
      if (others === undefined) byTopic.set(topicId, [subscriber]);
      else others.push(subscriber);
    }
  }
  return byTopic;
}

function* numbersFrom(first: number, size: number): Iterable<number> {
  for (let number = first; number < first + size; number++) yield number;
}
