/** `roundrobin`: all partitions of all topics in a row, dealt out one by one to the members that subscribed to them. */
import { type Assignor, emptyAssignment, inOrder } from './assignor.ts';

export const roundRobin: Assignor = {
  name: 'roundrobin',
  isCooperative: false,
  assign(members, partitionCounts) {
    const assignment = emptyAssignment(members);
    const order = inOrder(members);
    let next = 0;
    for (const topic of [...partitionCounts.keys()].sort()) {
      if (!order.some(({ topics }) => topics.includes(topic))) continue;
      for (let partition = 0; partition < (partitionCounts.get(topic) ?? 0); partition++) {
        while (!order[next % order.length]?.topics.includes(topic)) next++;
        const member = order[next % order.length];
        next++;
        if (member !== undefined) assignment.get(member.memberId)?.push({ topic, partition });
      }
    }
    return assignment;
  },
};
