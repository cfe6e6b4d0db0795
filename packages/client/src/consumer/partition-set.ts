/** The partitions a consumer owns, by name and in order. */
import { NotAssignedError } from '../errors.ts';
import type { TopicPartition } from '../topic.ts';
import type { PartitionState } from './partition-state.ts';

export class PartitionSet implements Iterable<PartitionState> {
  readonly #byTopic = new Map<string, Map<number, PartitionState>>();
  /** By topic and partition ascending. */
  #ordered: PartitionState[] = [];

  [Symbol.iterator](): Iterator<PartitionState> {
    return this.#ordered[Symbol.iterator]();
  }

  get({ topic, partition }: TopicPartition): PartitionState | undefined {
    return this.#byTopic.get(topic)?.get(partition);
  }

  /** Throws `NotAssignedError`. */
  require(place: TopicPartition): PartitionState {
    const state = this.get(place);
    if (state === undefined) throw new NotAssignedError(place);
    return state;
  }

  ofTopic(topic: string): Iterable<PartitionState> {
    return this.#byTopic.get(topic)?.values() ?? [];
  }

  add(states: readonly PartitionState[]): void {
    for (const state of states) {
      const partitions = this.#byTopic.get(state.topic) ?? new Map<number, PartitionState>();
      this.#byTopic.set(state.topic, partitions);
      partitions.set(state.partition, state);
    }
    this.#ordered = [...this.#ordered, ...states].sort(inOrder);
  }

  remove(state: PartitionState): void {
    const partitions = this.#byTopic.get(state.topic);
    partitions?.delete(state.partition);
    if (partitions?.size === 0) this.#byTopic.delete(state.topic);
    this.#ordered = this.#ordered.filter((other) => other !== state);
  }

  /** Names of all, in order. */
  names(): TopicPartition[] {
    return this.#ordered.map(({ topic, partition }) => ({ topic, partition }));
  }
}

function inOrder(left: TopicPartition, right: TopicPartition): number {
  if (left.topic !== right.topic) return left.topic < right.topic ? -1 : 1;
  return left.partition - right.partition;
}
