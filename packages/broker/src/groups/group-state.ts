/** The states of a classic group, by Kafka's names, and which follow each other. */
import { assert } from '@millrace/base';

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

const statesBefore: Record<GroupState, readonly GroupState[]> = {
  Empty: ['PreparingRebalance'],
  PreparingRebalance: ['Empty', 'CompletingRebalance', 'Stable'],
  CompletingRebalance: ['PreparingRebalance'],
  Stable: ['CompletingRebalance'],
  Dead: ['Empty', 'PreparingRebalance', 'CompletingRebalance', 'Stable'],
};

/** Fails unless a group may go from one state to the other. */
export function assertTransition(from: GroupState, to: GroupState): void {
  assert(statesBefore[to].includes(from), `a group does not go from ${from} to ${to}`);
}
