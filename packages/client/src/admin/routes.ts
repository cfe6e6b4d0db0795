/** The ways to the broker that a call concerns, each repeated on retriable errors within the call's bounds. */
import { errorRow, KafkaError } from '@millrace/wire';
import { answerError, type NeededAccess } from '../authorization.ts';
import type { CallBounds, Cluster } from '../cluster.ts';
import type { BrokerNode } from '../connection/broker-pool.ts';
import type { Connection } from '../connection/connection.ts';

/** One request, or a few that belong together, over one connection. */
export type Attempt<T> = (connection: Connection, timeoutMs: number) => Promise<T>;

export function onAny<T>(cluster: Cluster, bounds: CallBounds, attempt: Attempt<T>): Promise<T> {
  return cluster.retrying(bounds, async (remainingMs) =>
    attempt(await cluster.pool.connectToAny(), timeLeft(cluster, remainingMs)),
  );
}

export function onBroker<T>(cluster: Cluster, nodeId: number, bounds: CallBounds, attempt: Attempt<T>): Promise<T> {
  return cluster.retrying(bounds, async (remainingMs) => {
    if (!cluster.pool.nodes.some((node) => node.nodeId === nodeId)) await cluster.askMetadata([], false);
    return attempt(await cluster.pool.connect(nodeId), timeLeft(cluster, remainingMs));
  });
}

/**
 * Asks all brokers at once; the answers by node id ascending. When one can't be reached, all that the cluster then has
 * are asked anew: what was its own may be with one by now that had answered before.
 */
export function onEachBroker<T>(
  cluster: Cluster,
  { timeoutMs, signal }: CallBounds,
  attempt: (connection: Connection, timeoutMs: number, nodeId: number) => Promise<T>,
): Promise<T[]> {
  return cluster.retrying({ timeoutMs, signal }, async (remainingMs) => {
    await cluster.askMetadata([], false);
    const ask = ({ nodeId }: BrokerNode): Promise<T> =>
      cluster.retrying(
        { timeoutMs: remainingMs, signal },
        async (leftMs) => attempt(await cluster.pool.connect(nodeId), timeLeft(cluster, leftMs), nodeId),
        { mayRepeat: (error) => error instanceof KafkaError && error.retriable },
      );
    return Promise.all(cluster.pool.nodes.map(ask));
  });
}

/** Calls the controller, another one if it has moved. */
export function onController<T>(cluster: Cluster, bounds: CallBounds, attempt: Attempt<T>): Promise<T> {
  return cluster.retrying(bounds, async (remainingMs) => {
    try {
      return await attempt(await cluster.connectToController(), timeLeft(cluster, remainingMs));
    } catch (error) {
      cluster.forgetController();
      throw error;
    }
  });
}

/** Throws what concerns a whole answer. */
export function throwIfFailed(
  { errorCode, errorMessage }: { readonly errorCode: number; readonly errorMessage?: string | null },
  action: string,
  needed?: NeededAccess,
): void {
  if (errorCode !== 0) throw answerError(errorCode, action, errorMessage, needed);
}

/** Throws when an answer is an error that another attempt may cure; the others are results. */
export function throwIfRetriable(
  { errorCode, errorMessage }: { readonly errorCode: number; readonly errorMessage?: string | null },
  action: string,
): void {
  if (errorRow(errorCode).retriable) throw new KafkaError(errorCode, action, errorMessage);
}

function timeLeft(cluster: Cluster, remainingMs: number): number {
  return Math.min(remainingMs, cluster.settings.requestTimeoutMs);
}
