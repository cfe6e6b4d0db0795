/** Who leads a topic's partitions. */
import { errorCodes, metadata } from '@millrace/wire';
import type { ActorHome } from './actor.ts';

/** Node ids of the leaders, by partition. */
export async function findLeaders(home: ActorHome, topic: string): Promise<number[]> {
  for (;;) {
    const endpoint = home.anyBroker();
    const response = await endpoint.ask(metadata, 9, { topics: [{ name: topic }], allowAutoTopicCreation: false });
    const found = response.topics[0];
    if (found?.errorCode === errorCodes.NONE) {
      return [...found.partitions]
        .sort((left, right) => left.partitionIndex - right.partitionIndex)
        .map(({ leaderId }) => leaderId);
    }
    await endpoint.pause();
  }
}
