/**
 * A lane for each broker: the queues that may have something to send to it, how many requests are under way, and a
 * connection of its own, opened when something is to be sent. What goes into a request is the host's to say.
 */
import { isMillraceError, type MillraceError } from '@millrace/base';
import type { Cluster } from '../cluster.ts';
import type { Connection } from '../connection/connection.ts';

/** What can stand in a lane. */
export interface LanedQueue {
  /** Node id of the broker whose lane it stands in; -1 while unknown. */
  leader: number;
  /** Whether it stands in its broker's lane, so that it does so once. */
  inLane: boolean;
}

export interface Lane<Queue extends LanedQueue> {
  readonly nodeId: number;
  readonly ready: Queue[];
  /** Requests under way. */
  inFlight: number;
  isConnecting: boolean;
  isPumping: boolean;
}

export interface LanesHost<Queue extends LanedQueue> {
  /** Takes some queues at least out of `ready`, and sends what they have in one request, if that is anything. */
  send(lane: Lane<Queue>, connection: Connection): void;
  /** Is told of a queue whose broker could not be reached; it stands in no lane, and its leader is unknown. */
  unreachable(queue: Queue, error: MillraceError): void;
}

export interface LanesOptions {
  readonly cluster: Cluster;
  /** Of the connections. */
  readonly purpose: string;
  /** Once aborted nothing is sent any more. */
  readonly signal: AbortSignal;
  /** Requests under way to one broker. */
  readonly inFlightMax: number;
}

export class Lanes<Queue extends LanedQueue> {
  readonly #options: LanesOptions;
  readonly #host: LanesHost<Queue>;
  readonly #lanes = new Map<number, Lane<Queue>>();

  constructor(options: LanesOptions, host: LanesHost<Queue>) {
    this.#options = options;
    this.#host = host;
  }

  /** Puts a queue whose leader is known into that one's lane, and sends what can be sent. */
  add(queue: Queue): void {
    const lane = this.#of(queue.leader);
    queue.inLane = true;
    lane.ready.push(queue);
    this.pump(lane);
  }

  /** Sends what can be sent to a broker. To be called when a request has come back. */
  pump(lane: Lane<Queue>): void {
    if (lane.isPumping) return;
    const { cluster, purpose, signal, inFlightMax } = this.#options;
    lane.isPumping = true;
    // After the end a connection would be opened that nobody closes.
    while (lane.ready.length > 0 && lane.inFlight < inFlightMax && !signal.aborted) {
      const connection = cluster.pool.openTo(lane.nodeId, purpose);
      if (connection === undefined) {
        this.#connect(lane);
        break;
      }
      this.#host.send(lane, connection);
    }
    lane.isPumping = false;
  }

  #of(nodeId: number): Lane<Queue> {
    let lane = this.#lanes.get(nodeId);
    if (lane === undefined) {
      lane = { nodeId, ready: [], inFlight: 0, isConnecting: false, isPumping: false };
      this.#lanes.set(nodeId, lane);
    }
    return lane;
  }

  #connect(lane: Lane<Queue>): void {
    if (lane.isConnecting) return;
    const { cluster, purpose, signal } = this.#options;
    lane.isConnecting = true;
    cluster.pool.connect(lane.nodeId, purpose).then(
      () => {
        lane.isConnecting = false;
        this.pump(lane);
      },
      (error: unknown) => {
        lane.isConnecting = false;
        if (signal.aborted) return;
        if (!isMillraceError(error)) throw error;
        for (const queue of lane.ready.splice(0)) {
          queue.inLane = false;
          queue.leader = -1;
          this.#host.unreachable(queue, error);
        }
      },
    );
  }
}
