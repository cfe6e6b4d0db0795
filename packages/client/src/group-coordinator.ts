/**
 * Requests to the broker that coordinates a group: found when needed, remembered, and looked for again when it was the
 * wrong one.
 */
import { type CallBounds, type Cluster, isWrongCoordinator } from './cluster.ts';
import type { Connection } from './connection/connection.ts';

export class GroupCoordinator {
  readonly #cluster: Cluster;
  readonly group: string;
  #nodeId: number | undefined;

  constructor(cluster: Cluster, group: string) {
    this.#cluster = cluster;
    this.group = group;
  }

  /** Node id of the coordinator, as far as known. */
  get nodeId(): number | undefined {
    return this.#nodeId;
  }

  /** A connection to the coordinator. Rejects with a retriable error while there is none. */
  async connect(purpose?: string): Promise<Connection> {
    this.#nodeId ??= await this.#cluster.findCoordinator(this.group);
    try {
      return await this.#cluster.pool.connect(this.#nodeId, purpose);
    } catch (error) {
      this.#nodeId = undefined;
      throw error;
    }
  }

  /** Forgets the coordinator if the error says that it is none any more, or can't be reached. */
  noteError(error: unknown): void {
    if (isWrongCoordinator(error)) this.#nodeId = undefined;
  }

  /** Calls the coordinator, again on retriable errors, within the bounds. */
  call<T>(bounds: CallBounds, attempt: (connection: Connection, timeoutMs: number) => Promise<T>): Promise<T> {
    return this.#cluster.retrying(bounds, async (remainingMs) => {
      try {
        const connection = await this.connect();
        return await attempt(connection, Math.min(remainingMs, this.#cluster.settings.requestTimeoutMs));
      } catch (error) {
        this.noteError(error);
        throw error;
      }
    });
  }
}
