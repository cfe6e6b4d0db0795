/**
 * Where the rows of one store in one task lie: bytes to bytes, ordered. An `OrderedSpace` of `@millrace/store` is one.
 *
 * The first byte of a row's key says what the row is: state (`rowTag`), or what the store notes of itself (`noteKey`).
 * The changelog topic's records have the same keys and values, so that restoring copies bytes.
 */

export interface StateSpace {
  get(key: Uint8Array): Uint8Array | undefined;
  /** Rows with `from` <= key < `to`, in order. */
  range(options: {
    readonly from: Uint8Array;
    readonly to: Uint8Array;
    readonly limit?: number | undefined;
  }): Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>;
}

/** Takes the changes of a store at a commit. `value` is null where the row is gone. */
export interface StateChanges {
  /** A change that belongs into the changelog too. */
  change(key: Uint8Array, value: Uint8Array | null): void;
  /** Rows that are dropped on disk alone: whoever restores knows by their time that they are gone. */
  drop(key: Uint8Array): void;
}

/** Counts what a task has done that would have to be undone: changes of stores, and records written. */
export interface Effects {
  count: number;
  /** Where given, told of each changed row: by what its key is made, and its value tried. */
  changed?: ((rowKeyOf: () => Uint8Array) => void) | undefined;
}

export const rowTag = 1;

/** The one note that a store keeps of itself. */
export const noteKey: Uint8Array = Uint8Array.of(0);

/** What a task notes with its state. */
export interface TaskNote {
  /** In ms since 1970; -1 before the first record. */
  readonly streamTime: number;
  /** The largest event time of what did not come through a repartition topic, where that may be another. */
  readonly sourceTime?: number | undefined;
  /** What is known of the tasks above, as these have it. */
  readonly upstreams?: unknown;
}

export function writeNote(note: TaskNote): Uint8Array {
  return Buffer.from(JSON.stringify(note));
}

export function readNote(note: Uint8Array): TaskNote {
  return JSON.parse(Buffer.from(note).toString()) as TaskNote;
}

/** A space that has nothing, for stores that live in memory alone. */
export const emptySpace: StateSpace = { get: () => undefined, range: () => [] };
