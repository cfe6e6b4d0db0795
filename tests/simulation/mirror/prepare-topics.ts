/** Makes the topics of a seed of the mirror. */
import { createTopics, errorCodes, errorRow } from '@millrace/wire';
import type { ActorHome, KnownPartition } from '../oracle/actor.ts';
import { findLeaders } from '../oracle/find-leaders.ts';
import { InvariantViolation, PartitionHistory } from '../oracle/history.ts';
import type { MirroredTopicPlan } from './mirror-scenario.ts';

/** Creates topics on a cluster; answers their partitions. */
export async function prepareTopics(setup: ActorHome, topics: readonly MirroredTopicPlan[]): Promise<KnownPartition[]> {
  const known: KnownPartition[] = [];
  for (const { name, partitions, replicationFactor, configuration } of topics) {
    const configs = Object.entries(configuration).map(([key, value]) => ({ name: key, value }));
    const response = await setup.anyBroker().ask(createTopics, 7, {
      topics: [{ name, numPartitions: partitions, replicationFactor, assignments: [], configs }],
    });
    const { errorCode, topicId } = response.topics[0] as { errorCode: number; topicId: string };
    if (errorCode !== errorCodes.NONE) throw new InvariantViolation(`creating ${name}: ${errorRow(errorCode).name}`);
    for (const [index, leader] of (await findLeaders(setup, name)).entries()) {
      known.push({
        topic: name,
        topicId,
        index,
        leader,
        history: new PartitionHistory(`${name}/${index}`, setup.fail),
      });
    }
  }
  return known;
}
