/** What a task is given to run in. */
import type { Effects, StateSpace } from '../state/state-space.ts';
import type { StoreDefinition } from '../state/store-definition.ts';
import type { OutgoingRecord } from './operator-context.ts';
import type { OperatorCounts } from './operator-counts.ts';
import type { AttemptResult } from './result-form.ts';

export interface TaskEnvironment {
  /** Wall-clock time in ms since 1970. */
  now(): number;
  /** The object may be used again once this has returned. */
  write(record: OutgoingRecord): void;
  space(store: StoreDefinition): StateSpace;
  /** Memory for the cache of one store, in bytes, about. */
  readonly cacheBytesMax: number;
  /** Counts what the task does. */
  readonly effects: Effects;
  /** A record was dropped since it came too late. */
  late(operator: string): void;
  /** Sends results that no record makes, or sets them aside. Default: what throws for one is thrown. */
  readonly attempt?: AttemptResult | undefined;
  /** Where an operator counts its records. Default: it does not. */
  readonly countsOf?: ((operator: string) => OperatorCounts) | undefined;
  /** Ids of the tasks that write to each repartition topic that the task reads. */
  readonly upstreams: ReadonlyMap<string, readonly string[]>;
  /** Stream time to go on with, where that is more than what is noted in the stores. Default -1. */
  readonly streamTime?: number | undefined;
}
