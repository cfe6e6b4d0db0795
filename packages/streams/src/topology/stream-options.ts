/** What the methods of a stream take. */
import type { HeadersInput, Serde } from '@millrace/client';
import type { RecordFacts } from '../task/cursor.ts';
import type { Stream } from './stream.ts';

// biome-ignore lint/suspicious/noExplicitAny: functions of any key and value go into the untyped graph
type Any = any;

/** Tests of `branch`: those that tell a type apart narrow what their branch has. */
export type Tests<K, V> = { readonly [name: string]: (value: V, record: RecordFacts<K>) => boolean };

export type Branches<K, V, T extends Tests<K, V>> = {
  readonly [N in keyof T]: Stream<K, T[N] extends (value: Any, ...rest: Any[]) => value is infer W ? W : V>;
};

export interface AggregateOptions<K, V, A> {
  /** The serde of keys, where it is not known from above. */
  readonly key?: Serde<K> | undefined;
  /** The serde of the aggregate. */
  readonly value: Serde<A>;
  readonly initial: () => A;
  /**
   * The aggregate with one more value. It may change the aggregate that it is given and answer it, as long as nobody
   * further down keeps what goes on (a table would). Null deletes it.
   */
  readonly add: (aggregate: A, value: V, record: RecordFacts<K>) => A | null;
  /** `change` (default): the result of each record goes on; `commit`: the newest of each key, once a commit. */
  readonly emit?: 'change' | 'commit' | undefined;
}

export interface JoinOptions<V, W, R> {
  /** Names the join's stores. */
  readonly name: string;
  /** How far apart in time two records may be. */
  readonly within: number | { readonly beforeMs: number; readonly afterMs: number };
  /** How long after its time a record may still come. Default 0. */
  readonly graceMs?: number | undefined;
  /** The serdes of the two sides' values, where they are not known from above. */
  readonly value?: Serde<V> | undefined;
  readonly otherValue?: Serde<W> | undefined;
  readonly with: (left: V, right: W) => R;
}

/** A stream's record with an option that is typed by its own key and value. */
export interface SinkOptionsOf<K, V, L> {
  /** The key to write under. Default: the record's own. */
  readonly key?: ((value: V, record: RecordFacts<K>) => L) | undefined;
  readonly headers?: ((value: V, record: RecordFacts<K>) => HeadersInput | undefined) | undefined;
}
