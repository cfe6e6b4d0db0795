/** What a store is to be, as the topology declares it. The stores themselves are made for each task. */
import type { AnySerde } from '../topology/node.ts';

interface CommonDefinition {
  /** Unique in its topology, and the same from one version of it to the next: names the changelog topic. */
  readonly name: string;
  readonly key: AnySerde;
  readonly value: AnySerde;
}

/** The newest value of each key. */
export interface KeyValueDefinition extends CommonDefinition {
  readonly kind: 'key-value';
  /** What a key's bytes begin with, where rows are looked for by that (`withPrefix`). */
  readonly prefixOf?: ((key: unknown) => Uint8Array) | undefined;
}

/** Values by key and time; those that are old enough are dropped. */
export interface WindowDefinition extends CommonDefinition {
  readonly kind: 'window';
  /** Rows are dropped when stream time is so much past their time, in ms. */
  readonly retentionMs: number;
  /** Rows are kept and dropped in buckets of so much time, in ms. */
  readonly bucketMs: number;
  /** What the rows' times mean, as text: state that means something else is not taken over. */
  readonly form: string;
  /** A row as queries show it. Default: its time and value. */
  readonly show?: ((time: number, value: unknown) => unknown) | undefined;
}

export type StoreDefinition = KeyValueDefinition | WindowDefinition;

/** What of a definition must stay the same for state to be read again, as text. */
export function fingerprint(definition: StoreDefinition): string {
  const { kind, key, value } = definition;
  const serdes = `key=${key.name ?? 'unnamed'} value=${value.name ?? 'unnamed'}`;
  if (kind === 'key-value') return `${kind} ${serdes}`;
  return `${kind} ${serdes} ${definition.form} bucket=${definition.bucketMs}`;
}
