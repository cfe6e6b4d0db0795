/** What every client can do, in one form: behaviours that are about more than one client are written against it. */

import type { SaslOptions } from '@millrace/client';
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

/** Who comes, and where. */
export interface Caller {
  /** Default: over PLAINTEXT. */
  readonly access?: Access | undefined;
  readonly clientId?: string | undefined;
}

export interface ProduceOptions extends Caller {
  readonly topic: string;
  readonly messages: readonly Message[];
  /** Default -1. */
  readonly acks?: -1 | 0 | 1;
  readonly compression?: Compression;
  readonly idempotent?: boolean;
}

/** Where reading begins; all but `earliest` are of partition 0, which is then read alone. */
export type From =
  | 'earliest'
  | { readonly offset: number }
  | { readonly timestamp: number }
  | { readonly last: number };

export interface ReadOptions extends Caller {
  readonly topic: string;
  /** Ends with so many messages. */
  readonly count: number;
  /** Default `read_uncommitted`. */
  readonly isolation?: Isolation | undefined;
  /** Default `earliest`. */
  readonly from?: From;
}

export type Isolation = 'read_committed' | 'read_uncommitted';
export type GroupProtocol = 'classic' | 'consumer';

export interface MemberOptions extends Caller {
  readonly topic: string;
  readonly group: string;
  /** Of groups; default `classic`. */
  readonly protocol?: GroupProtocol | undefined;
  /** Default `read_uncommitted`. */
  readonly isolation?: Isolation | undefined;
  /** Awaited for each message, before the member commits what is behind it. */
  readonly handle?: ((message: StoredMessage) => Promise<void>) | undefined;
  /** `each` (default): behind each message, or soon after it. `never`: a transaction does it. */
  readonly commit?: 'each' | 'never' | undefined;
  /** Told of what it has committed in a partition: the offset of the next message. */
  readonly onCommitted?: ((partition: number, offset: number) => void) | undefined;
}

export interface GroupReadOptions extends MemberOptions {
  /** Ends with so many messages. */
  readonly count: number;
}

/** A member of a group, which stays until it leaves. */
export interface Member {
  readonly topic: string;
  readonly group: string;
  /** As they came. */
  readonly messages: readonly StoredMessage[];
  /** The messages once there are so many; rejects with what ended the member before that, or after a while. */
  wait(count: number): Promise<readonly StoredMessage[]>;
  /** Leaves the group. Rejects with what ended the member before. */
  leave(): Promise<void>;
  /** Ends without leaving, as a process that dies; undefined where the client lives in this process. */
  readonly die: (() => Promise<void>) | undefined;
}

export interface TransactionalOptions extends Caller {
  readonly transactionalId: string;
}

export interface TransactOptions extends TransactionalOptions {
  readonly topic: string;
  readonly messages: readonly Message[];
  readonly outcome: 'commit' | 'abort';
}

export interface TransactionalProducer {
  begin(): Promise<OpenTransaction>;
}

export interface OpenTransaction {
  /** Resolves when they are stored. */
  send(topic: string, messages: readonly Message[]): Promise<void>;
  /** Makes it part of the transaction that the member's group is behind this message. */
  sendOffset(member: Member, message: StoredMessage): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** One client. What fails throws that client's own error. What stays open ends with the scope. */
export interface Driver {
  readonly client: ClientName;
  /** What it can do. */
  readonly compressions: readonly Compression[];
  readonly protocols: readonly GroupProtocol[];
  readonly mechanisms: readonly SaslOptions['mechanism'][];
  /** Whether its members stop reading what a rebalance takes from them. */
  readonly lettingGo: boolean;
  /** Sends all, and resolves when they are acknowledged. */
  produce(place: Place, scope: Scope, options: ProduceOptions): Promise<void>;
  /** Reads all partitions, committing nothing; partitions and offsets ascending. */
  read(place: Place, scope: Scope, options: ReadOptions): Promise<StoredMessage[]>;
  /** Reads as a member of a group, from where that is or from the start; commits what it read, and leaves. */
  readInGroup(place: Place, scope: Scope, options: GroupReadOptions): Promise<StoredMessage[]>;
  /** Joins a group, which begins at the start. */
  join(place: Place, scope: Scope, options: MemberOptions): Promise<Member>;
  /** Produces in one transaction; kcat in one for each partition. Undefined for Kafka's tools, which have none. */
  readonly transact: ((place: Place, scope: Scope, options: TransactOptions) => Promise<void>) | undefined;
  /**
   * Undefined for kcat, whose processes are a transaction each, and for Kafka's tools. What these see when they are
   * fenced is tried by `fenced-tools.ts`.
   */
  readonly transactional:
    | ((place: Place, scope: Scope, options: TransactionalOptions) => Promise<TransactionalProducer>)
    | undefined;
  /** Kafka's name of what went wrong, such as `MESSAGE_TOO_LARGE`; the text itself where it names none. */
  errorName(error: unknown): string;
}

/** One transaction of a producer that is made for it. */
export async function transactOnce(
  producer: TransactionalProducer,
  { topic, messages, outcome }: TransactOptions,
): Promise<void> {
  const transaction = await producer.begin();
  await transaction.send(topic, messages);
  await (outcome === 'commit' ? transaction.commit() : transaction.abort());
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

export function valuesOf(messages: readonly StoredMessage[]): (string | null)[] {
  return messages.map(({ value }) => value);
}
