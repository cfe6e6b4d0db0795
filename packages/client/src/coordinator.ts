/**
 * Requests to the broker that coordinates something (a group, a transactional id): found when needed, remembered, and
 * looked for again when it was the wrong one.
 */
import type { MillraceError } from '@millrace/base';
import type { BackoffOptions } from './backoff.ts';
import { type CallBounds, type Cluster, type CoordinatedKind, isWrongCoordinator } from './cluster.ts';
import type { Connection } from './connection/connection.ts';

export class Coordinator {
  readonly #cluster: Cluster;
  readonly #kind: CoordinatedKind;
  readonly #backoff: BackoffOptions;
  /** The name of what is coordinated. */
  readonly key: string;
  #nodeId: number | undefined;

  /** `backoff`: the pauses before calls are repeated; the client's own by default. */
  constructor(cluster: Cluster, kind: CoordinatedKind, key: string, backoff: BackoffOptions = cluster.settings) {
    this.#cluster = cluster;
    this.#kind = kind;
    this.#backoff = backoff;
    this.key = key;
  }

  /** Node id of the coordinator, as far as known. */
  get nodeId(): number | undefined {
    return this.#nodeId;
  }

  /** A connection to the coordinator. Rejects with a retriable error while there is none. */
  async connect(purpose?: string): Promise<Connection> {
    this.#nodeId ??= await this.#cluster.findCoordinator(this.key, this.#kind);
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

  /** Calls the coordinator, again on retriable errors (or those that `mayRepeat` names), within the bounds. */
  call<T>(
    bounds: CallBounds,
    attempt: (connection: Connection, timeoutMs: number) => Promise<T>,
    mayRepeat?: (error: MillraceError) => boolean,
  ): Promise<T> {
    const { requestTimeoutMs } = this.#cluster.settings;
    const once = async (remainingMs: number): Promise<T> => {
      try {
        const connection = await this.connect();
        return await attempt(connection, Math.min(remainingMs, requestTimeoutMs));
      } catch (error) {
        this.noteError(error);
        throw error;
      }
    };
    return this.#cluster.retrying(bounds, once, { backoff: this.#backoff, mayRepeat });
  }
}
