/**
 * Work of one's own: the interface beneath all other operators. A processor is made for each task; what it is to
 * remember belongs into its stores, since everything else is gone when the task moves or a transaction is given up.
 */
import type { Serde } from '@millrace/client';
import type { KeyValueStore } from '../state/key-value-store.ts';
import type { KeyValueDefinition, StoreDefinition, WindowDefinition } from '../state/store-definition.ts';
import type { WindowStore } from '../state/window-store.ts';
import type { Cursor, Receiver, RecordFacts } from '../task/cursor.ts';
import type { Operator } from '../topology/node.ts';

/** A key-value store as a processor declares it. Made by `keyValueStore()`. */
export interface KeyValueStoreOf<K, V> extends KeyValueDefinition {
  /** Never there: carries the types. */
  readonly types?: readonly [K, V];
}

/** A window store as a processor declares it. Made by `windowStore()`. */
export interface WindowStoreOf<K, V> extends WindowDefinition {
  /** Never there: carries the types. */
  readonly types?: readonly [K, V];
}

export function keyValueStore<K, V>(options: {
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
}): KeyValueStoreOf<K, V> {
  return { kind: 'key-value', ...options } as KeyValueStoreOf<K, V>;
}

export function windowStore<K, V>(options: {
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  /** How far behind stream time rows are kept, in ms. */
  readonly retentionMs: number;
}): WindowStoreOf<K, V> {
  const bucketMs = Math.max(1, Math.ceil(options.retentionMs / 4));
  return { kind: 'window', ...options, bucketMs, form: 'times' } as WindowStoreOf<K, V>;
}

/** What a processor works with. */
export interface ProcessorContext<L, W> {
  readonly partition: number;
  /** The largest event time seen, in ms since 1970; -1 before the first record. */
  readonly streamTime: number;
  /** Wall-clock time in ms since 1970. */
  now(): number;
  store<K, V>(definition: KeyValueStoreOf<K, V>): KeyValueStore<K, V>;
  store<K, V>(definition: WindowStoreOf<K, V>): WindowStore<K, V>;
  /** Sends a record on. `timestamp`: that of the record in hand by default, or stream time between records. */
  forward(key: L, value: W, timestamp?: number): void;
  /**
   * Has `work` called every `intervalMs`: of event time (at its multiples, as records move it), or of wall-clock time
   * (between records, missed calls are not made up for). The answer ends it.
   */
  schedule(intervalMs: number, time: 'stream' | 'clock', work: (now: number) => void): () => void;
}

export interface Processor<K, V> {
  process(value: V, record: RecordFacts<K>): void;
}

export interface ProcessorOptions<K, V, L, W> {
  readonly name: string;
  readonly stores?: readonly StoreDefinition[] | undefined;
  /** Serdes of what it sends on, for those who need them further down. Keys: as they came in when absent. */
  readonly key?: Serde<L> | undefined;
  readonly value?: Serde<W> | undefined;
  /** Makes the processor of one task. */
  readonly init: (context: ProcessorContext<L, W>) => Processor<K, V> | ((value: V, record: RecordFacts<K>) => void);
}

export function processOperator(options: ProcessorOptions<unknown, unknown, unknown, unknown>): Operator {
  const { name, stores = [], init } = options;
  return {
    kind: 'process',
    name,
    stores,
    connect: (context, [next]) => {
      const send = next as Receiver;
      let inHand: Cursor | undefined;
      /** What threw may have changed values of its stores in place. */
      const withEffects = (error: unknown): unknown => {
        if (stores.length > 0) context.lend(stores);
        return error;
      };
      const forward = (key: unknown, value: unknown, timestamp?: number): void => {
        const { cursor } = context;
        if (inHand === undefined) cursor.loadOwn(key, value, timestamp ?? context.streamTime);
        if (inHand === undefined) return send(cursor);
        cursor.sendAs(send, key, value, timestamp ?? cursor.timestamp);
      };
      const made = init({
        partition: context.partition,
        get streamTime() {
          return context.streamTime;
        },
        now: () => context.now(),
        store: (definition: StoreDefinition) => context.store(definition) as never,
        forward,
        schedule: (intervalMs, time, work) => {
          if (time === 'clock') return context.onClock(intervalMs, work);
          const nextAfter = (streamTime: number): number => (Math.floor(streamTime / intervalMs) + 1) * intervalMs;
          // The first record only says where time begins.
          const unknown = Number.NEGATIVE_INFINITY;
          const timer = {
            dueAt: context.streamTime < 0 ? unknown : nextAfter(context.streamTime),
            fire(streamTime: number): void {
              const isFirst = timer.dueAt === unknown;
              timer.dueAt = nextAfter(streamTime);
              if (isFirst) return;
              try {
                work(streamTime);
              } catch (error) {
                throw withEffects(error);
              }
            },
          };
          context.onStreamTime(timer);
          return () => {
            timer.dueAt = Number.POSITIVE_INFINITY;
          };
        },
      });
      const process = typeof made === 'function' ? made : made.process.bind(made);
      return (record) => {
        const { value } = record;
        inHand = record;
        try {
          process(value, record);
        } catch (error) {
          throw withEffects(error);
        } finally {
          inHand = undefined;
        }
      };
    },
  };
}
