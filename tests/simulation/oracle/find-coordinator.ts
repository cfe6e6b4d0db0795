/** Which broker coordinates a group. */
import { errorCodes, findCoordinator } from '@millrace/wire';
import type { ActorHome } from './actor.ts';
import { someVersion } from './wire-connection.ts';

export async function findCoordinatorOf(home: ActorHome, group: string): Promise<{ readonly nodeId: number }> {
  for (;;) {
    const endpoint = home.anyBroker();
    const version = someVersion(home.randomness, 4, 6);
    const response = await endpoint.ask(findCoordinator, version, { keyType: 0, coordinatorKeys: [group] });
    const found = response.coordinators[0];
    if (found !== undefined && found.errorCode === errorCodes.NONE) return { nodeId: found.nodeId };
    await endpoint.pause();
  }
}
