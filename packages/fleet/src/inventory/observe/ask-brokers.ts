/**
 * Brokers of a cluster asked side by side, over connections of their own: what is slow here holds up nobody else. A
 * broker that does not answer in time is told, and the others are not kept waiting for it.
 */
import { isMillraceError, messageOf, type Platform } from '@millrace/base';
import { RequestTimeoutError } from '@millrace/client';
import type { Cluster, Connection } from '@millrace/client/protocol';

export const purpose = 'inventory';

export interface BrokerAnswers<T> {
  readonly answers: ReadonlyMap<number, T>;
  /** Sentences, by node id. */
  readonly problems: ReadonlyMap<number, string>;
}

/** Asks each; rejects with what is no operating failure. */
export async function askBrokers<T>(
  cluster: Cluster,
  nodeIds: readonly number[],
  timeoutMsOf: (nodeId: number) => number,
  ask: (connection: Connection, nodeId: number, timeoutMs: number) => Promise<T>,
): Promise<BrokerAnswers<T>> {
  const answers = new Map<number, T>();
  const problems = new Map<number, string>();
  const { platform } = cluster.settings;
  const askOne = async (nodeId: number): Promise<void> => {
    const timeoutMs = timeoutMsOf(nodeId);
    const work = async (): Promise<T> => ask(await cluster.pool.connect(nodeId, purpose), nodeId, timeoutMs);
    try {
      answers.set(nodeId, await within(platform, timeoutMs, `broker ${nodeId}`, work()));
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      problems.set(nodeId, messageOf(error));
    }
  };
  await Promise.all(nodeIds.map(askOne));
  return { answers, problems };
}

/** As `work`, but rejects when time is over; `work` then goes on unheard. */
export function within<T>(platform: Platform, timeoutMs: number, whom: string, work: Promise<T>): Promise<T> {
  const time = Promise.withResolvers<never>();
  const timer = platform.timers.after(timeoutMs, () => {
    time.reject(new RequestTimeoutError('the look at it', whom, timeoutMs));
  });
  return Promise.race([work, time.promise]).finally(() => timer.cancel());
}

/** As `work`, but rejects with the signal's reason when that aborts first; `work` then goes on unheard. */
export function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const stop = Promise.withResolvers<never>();
  const onAbort = (): void => stop.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  return Promise.race([work, stop.promise]).finally(() => signal.removeEventListener('abort', onAbort));
}
