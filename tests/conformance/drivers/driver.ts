/** What every client can do, in one form: behaviours that are about more than one client are written against it. */
import type { Behaviour, ClientName, Try } from '../matrix/behaviour.ts';
import type { Access, Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';

export const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type Compression = (typeof compressions)[number];

export interface Message {
  readonly key?: string | null;
  readonly value: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default 0. */
  readonly partition?: number;
}

/** As it was read. */
export interface StoredMessage {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ProduceOptions {
  readonly topic: string;
  readonly messages: readonly Message[];
  /** Default -1. */
  readonly acks?: -1 | 0 | 1;
  readonly compression?: Compression;
  readonly idempotent?: boolean;
  readonly access?: Access;
}

export interface ReadOptions {
  readonly topic: string;
  /** Ends with so many messages. */
  readonly count: number;
  /** Default `read_uncommitted`. */
  readonly isolation?: 'read_committed' | 'read_uncommitted';
  readonly access?: Access;
}

export interface GroupReadOptions extends ReadOptions {
  readonly group: string;
  /** Of groups; default `classic`. */
  readonly protocol?: 'classic' | 'consumer';
}

export interface TransactionOptions {
  readonly transactionalId: string;
  readonly topic: string;
  readonly messages: readonly Message[];
  readonly outcome: 'commit' | 'abort';
  readonly access?: Access;
}

/** One client. What fails throws that client's own error. */
export interface Driver {
  readonly client: ClientName;
  /** Sends all, and resolves when they are acknowledged. */
  produce(place: Place, scope: Scope, options: ProduceOptions): Promise<void>;
  /** Reads all partitions from their start, outside of any group; partitions and offsets ascending. */
  read(place: Place, scope: Scope, options: ReadOptions): Promise<StoredMessage[]>;
  /** Reads as a member of a group, from where that is or from the start; commits what it read, and leaves. */
  readInGroup(place: Place, scope: Scope, options: GroupReadOptions): Promise<StoredMessage[]>;
  /** Produces in one transaction; undefined for a client that has none. */
  readonly transact: ((place: Place, scope: Scope, options: TransactionOptions) => Promise<void>) | undefined;
  /** Kafka's name of what went wrong, such as `MESSAGE_TOO_LARGE`; the text itself where it names none. */
  errorName(error: unknown): string;
}

/** The same try with several clients. */
export function by(
  drivers: readonly Driver[],
  attempt: (driver: Driver, place: Place, scope: Scope) => Promise<unknown>,
): Behaviour['by'] {
  const tries: Partial<Record<ClientName, Try>> = {};
  for (const driver of drivers) tries[driver.client] = (place, scope) => attempt(driver, place, scope);
  return tries;
}

/** `done`, or Kafka's name of the error. */
export async function outcomeOf(driver: Pick<Driver, 'errorName'>, work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'done';
  } catch (error) {
    return driver.errorName(error);
  }
}

/** Partitions ascending, and offsets in them. */
export function inOrder(messages: readonly StoredMessage[]): StoredMessage[] {
  return [...messages].sort((left, right) => left.partition - right.partition || left.offset - right.offset);
}
