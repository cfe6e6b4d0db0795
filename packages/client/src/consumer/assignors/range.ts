/**
 * `range`: each topic by itself, cut into one run of partitions a member. Topics with equally many partitions come out
 * alike, so that records of the same key meet at one member (joins).
 */
import { type Assignor, emptyAssignment, inOrder } from './assignor.ts';

export const range: Assignor = {
  name: 'range',
  isCooperative: false,
  assign(members, partitionCounts) {
    const assignment = emptyAssignment(members);
    for (const [topic, count] of partitionCounts) {
      const subscribers = inOrder(members.filter(({ topics }) => topics.includes(topic)));
      if (subscribers.length === 0) continue;
      const each = Math.floor(count / subscribers.length);
      const oneMore = count % subscribers.length;
      let partition = 0;
      for (const [index, { memberId }] of subscribers.entries()) {
        const end = partition + each + (index < oneMore ? 1 : 0);
        for (; partition < end; partition++) assignment.get(memberId)?.push({ topic, partition });
      }
    }
    return assignment;
  },
};
