/**
 * Topic descriptors: a topic's name together with its serdes, as one value that producer, consumer and streams share,
 * and from which the types of keys and values follow. Where a descriptor is taken, a plain name is taken too and means
 * bytes.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Serde, SerdeLike } from './serde.ts';
import { serdeOf } from './serde.ts';

/**
 * `Key` and `Value` are what a consumer reads, `KeyInput` and `ValueInput` what a producer writes. Made by `topic()`.
 */
export interface Topic<
  Name extends string = string,
  Key = Uint8Array | null,
  Value = Uint8Array | null,
  KeyInput = Key,
  ValueInput = Value,
> {
  readonly name: Name;
  readonly key: Serde<Key, KeyInput>;
  readonly value: Serde<Value, ValueInput>;
}

/** Any topic descriptor, whatever its types. */
export type AnyTopic = Topic<string, unknown, unknown, never, never>;

/** What names a topic: a descriptor, or its bare name for bytes. */
export type TopicLike = AnyTopic | string;

/** What `topic()` takes for keys and values; `bytes` for what is left out. */
export interface TopicSerdes {
  readonly key?: SerdeLike | undefined;
  readonly value?: SerdeLike | undefined;
}

type OutputOf<S> =
  S extends StandardSchemaV1<unknown, infer Output>
    ? Output
    : S extends Serde<infer Output, never>
      ? Output
      : Uint8Array | null;

type InputOf<S> =
  S extends StandardSchemaV1<infer Input, unknown>
    ? Input
    : S extends Serde<unknown, infer Input>
      ? Input
      : Uint8Array | string | null;

/** The descriptor that `topic(name, serdes)` makes. */
export type TopicOf<Name extends string, S extends TopicSerdes> = Topic<
  Name,
  OutputOf<S['key']>,
  OutputOf<S['value']>,
  InputOf<S['key']>,
  InputOf<S['value']>
>;

/**
 * Describes a topic: `topic('orders', { key: text, value: orderSchema })`. A serde may be any Standard Schema validator
 * (Zod, Valibot, ArkType, ...), which means JSON that is validated on both ways; what is left out is bytes.
 */
export function topic<const Name extends string, const S extends TopicSerdes = Record<never, never>>(
  name: Name,
  serdes?: S,
): TopicOf<Name, S> {
  return Object.freeze({ name, key: serdeOf(serdes?.key), value: serdeOf(serdes?.value) }) as TopicOf<Name, S>;
}

/** The name of a topic, as a literal type where it is one. */
export type NameOf<T extends TopicLike> = T extends string ? T : T extends AnyTopic ? T['name'] : never;

/** What a consumer reads as the topic's key. */
export type KeyOf<T extends TopicLike> = T extends { readonly key: Serde<infer Key, never> } ? Key : Uint8Array | null;

/** What a consumer reads as the topic's value. */
export type ValueOf<T extends TopicLike> = T extends { readonly value: Serde<infer Value, never> }
  ? Value
  : Uint8Array | null;

/** What a producer may write as the topic's key. */
export type KeyInputOf<T extends TopicLike> = T extends { readonly key: Serde<unknown, infer Input> }
  ? Input
  : Uint8Array | string | null;

/** What a producer may write as the topic's value. */
export type ValueInputOf<T extends TopicLike> = T extends { readonly value: Serde<unknown, infer Input> }
  ? Input
  : Uint8Array | string | null;

/** The name of what names a topic. */
export function nameOf(like: TopicLike): string {
  return typeof like === 'string' ? like : like.name;
}

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** An offset in a partition. */
export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number;
}
