/** Offsets of groups in a transaction: told to its coordinator where it must be, then stored at the group's. */
import { errorCodes, KafkaError } from '@millrace/wire';
import type { CallBounds, Cluster } from '../cluster.ts';
import type { GroupOffsets } from '../consumer.ts';
import type { Coordinator } from '../coordinator.ts';
import { GroupCoordinator } from '../group-coordinator.ts';
import { addOffsets, commitOffsetsInTransaction, type TransactionOwner } from './transaction-requests.ts';
import type { TransactionRequest } from './transaction-verdicts.ts';

/** Where offsets for a transaction come from. */
export interface OffsetSource {
  readonly read: () => GroupOffsets;
  /** Read again it may name a newer epoch of the group's member. */
  readonly isLive: boolean;
}

export interface OffsetsRound {
  readonly owner: TransactionOwner;
  readonly isV2: boolean;
  /** The coordinator will know of the transaction. */
  readonly started: () => void;
  /** Which request is made from now on. */
  readonly asking: (request: TransactionRequest) => void;
}

export class TransactionOffsets {
  readonly #cluster: Cluster;
  readonly #coordinator: Coordinator;
  readonly #groups = new Map<string, GroupCoordinator>();
  /** Groups that the coordinator knows to be in the transaction. */
  readonly #added = new Set<string>();

  constructor(cluster: Cluster, coordinator: Coordinator) {
    this.#cluster = cluster;
    this.#coordinator = coordinator;
  }

  /** Another transaction begins: nothing is in it. */
  begin(): void {
    this.#added.clear();
  }

  async send(source: OffsetSource, round: OffsetsRound, bounds: CallBounds): Promise<void> {
    const { group, offsets } = source.read();
    if (offsets.length === 0) return;
    if (!round.isV2 && !this.#added.has(group)) {
      round.asking('AddOffsetsToTxn');
      await this.#coordinator.call(bounds, (connection, timeoutMs) =>
        addOffsets(connection, round.owner, group, timeoutMs),
      );
      round.started();
      this.#added.add(group);
    }
    round.asking('TxnOffsetCommit');
    await this.#coordinatorOf(group).call(
      bounds,
      (connection, timeoutMs) => {
        const current = source.read();
        if (round.isV2) round.started();
        return commitOffsetsInTransaction(connection, round.owner, current, round.isV2, timeoutMs);
      },
      // The member's epoch has moved on, and the next heartbeat tells it (KIP-848).
      (error) =>
        error.retriable ||
        (source.isLive && error instanceof KafkaError && error.errorCode === errorCodes.STALE_MEMBER_EPOCH),
    );
  }

  #coordinatorOf(group: string): GroupCoordinator {
    let coordinator = this.#groups.get(group);
    if (coordinator === undefined) {
      coordinator = new GroupCoordinator(this.#cluster, group);
      this.#groups.set(group, coordinator);
    }
    return coordinator;
  }
}
