/**
 * Results that no record makes: of windows that time closes, of records that nobody met in time, of what a commit sends
 * on. Where a function throws for one it is to be set aside by itself, and whoever does so must be able to tell it.
 */
import type { StoreDefinition } from '../state/store-definition.ts';
import type { AnySerde } from '../topology/node.ts';

/** What results of one operator are. */
export interface ResultForm {
  /** Whose rows they are made of. */
  readonly store: StoreDefinition;
  /** The serde of their values. */
  readonly value: AnySerde;
  /** The value of one. May throw where an aggregate does. */
  readonly valueOf: (row: unknown, time: number, key: unknown) => unknown;
  /** Whether rows of one key and time may be several, which their values tell apart. Default false. */
  readonly areRepeated?: boolean | undefined;
  /** The window of one, `end` not included, where they have windows. */
  readonly windowOf?: ((time: number, row: unknown) => { readonly start: number; readonly end: number }) | undefined;
}

/** Sends one on, of a row at its time. Stores without times have -1. */
export type SendResult = (key: unknown, time: number, row: unknown) => void;

/** Has a result sent, or sets it aside. */
export type AttemptResult = (form: ResultForm, key: unknown, time: number, row: unknown, send: SendResult) => void;
