/** The clusters of a request as they are now, asked side by side. */
import { isMillraceError, messageOf } from '@millrace/base';
import type { FleetClusters } from '../../clusters/fleet-clusters.ts';
import { observeState } from './cluster-state.ts';
import type { Look } from './fleet-difference.ts';

/** One that can't be asked has its problem; whatever else is wrong rejects. */
export async function lookAtClusters(
  clusters: Pick<FleetClusters, 'client'>,
  names: readonly string[],
  signal: AbortSignal,
  answerMs?: number,
): Promise<Map<string, Look>> {
  const look = async (name: string): Promise<readonly [string, Look]> => {
    try {
      return [name, { state: await observeState(await clusters.client(name), signal, answerMs) }];
    } catch (error) {
      signal.throwIfAborted();
      if (!isMillraceError(error)) throw error;
      return [name, { problem: messageOf(error) }];
    }
  };
  return new Map(await Promise.all(names.map(look)));
}
