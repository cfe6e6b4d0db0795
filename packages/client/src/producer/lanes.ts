/** A lane for each broker: the queues that may have something to send to it, and how busy it is. */
import type { PartitionQueue } from './partition-queue.ts';

export interface Lane {
  readonly nodeId: number;
  readonly ready: PartitionQueue[];
  /** Requests under way. */
  inFlight: number;
  isConnecting: boolean;
  isPumping: boolean;
}

export class Lanes {
  readonly #lanes = new Map<number, Lane>();

  of(nodeId: number): Lane {
    let lane = this.#lanes.get(nodeId);
    if (lane === undefined) {
      lane = { nodeId, ready: [], inFlight: 0, isConnecting: false, isPumping: false };
      this.#lanes.set(nodeId, lane);
    }
    return lane;
  }
}
