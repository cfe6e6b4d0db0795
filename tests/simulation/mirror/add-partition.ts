import { createPartitions, errorCodes } from '@millrace/wire';
import type { ActorHome } from '../oracle/actor.ts';

/** Gives a topic so many partitions; asks until that is so. */
export async function addPartition(home: ActorHome, name: string, count: number): Promise<void> {
  for (;;) {
    const draft = { topics: [{ name, count, assignments: null }], validateOnly: false, timeoutMs: 10_000 };
    const response = await home.anyBroker().ask(createPartitions, 3, draft);
    const errorCode = response.results[0]?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR;
    // An earlier attempt may have got through before its connection broke.
    if (errorCode === errorCodes.NONE || errorCode === errorCodes.INVALID_PARTITIONS) return;
    await home.anyBroker().pause();
  }
}
