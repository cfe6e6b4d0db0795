/**
 * The record: everything that is declared of the fleet, one source of truth, in the system of record.
 *
 * Every change is one transaction with its entry in the audit log and its event, so that none of the three is ever
 * without the others. The revision of the whole grows with each.
 */
import type { Principal } from '@millrace/api';
import type { KindName, Spec } from '@millrace/api/declared';
import type { Transaction } from 'kysely';
import type { Schema } from '../database/schema.ts';

/** One thing that is declared. */
export interface Declared<K extends KindName = KindName> {
  readonly kind: K;
  /** Unique among its kind (`kinds[kind].idOf`). */
  readonly id: string;
  readonly spec: Spec<K>;
  /** That of the record when this was last changed. */
  readonly revision: number;
  readonly changedAt: Date;
}

/** All of it, as it was at one revision. */
export interface DeclaredFleet {
  readonly revision: number;
  list<K extends KindName>(kind: K): readonly Declared<K>[];
  get<K extends KindName>(kind: K, id: string): Declared<K> | undefined;
}

export type DeclaredChange = {
  readonly [K in KindName]: {
    readonly kind: K;
    readonly id: string;
    /** Null takes it out of the record. */
    readonly spec: Spec<K> | null;
    /** The revision that it is expected to have; 0 when it is to be new. Not checked when absent. */
    readonly expected?: number | undefined;
  };
}[KindName];

export interface ChangeReason {
  readonly principal: Pick<Principal, 'kind' | 'name'>;
  /** In the words of whoever asked. */
  readonly why: string;
  /** The operation that does it. */
  readonly operation?: string | undefined;
}

/** A state that something had, or its end. */
export interface PastDeclaration<K extends KindName = KindName> {
  readonly revision: number;
  readonly spec: Spec<K> | null;
  readonly changedAt: Date;
  /** `user:ann`. */
  readonly changedBy: string;
  readonly why: string;
  readonly operation: string | null;
}

export interface FleetRecord {
  /**
   * From memory, never older than the last change of this process, but for one within a transaction of the caller's,
   * which `read` brings in; of others within a second.
   */
  current(): DeclaredFleet;
  /** From the database, as of now; current from then on. */
  read(): Promise<DeclaredFleet>;
  /** All states that something had, newest first. */
  history<K extends KindName>(kind: K, id: string): Promise<readonly PastDeclaration<K>[]>;
  /** Tells when what is current has changed; the answer ends it. */
  onChange(listener: (fleet: DeclaredFleet) => void): () => void;
  /**
   * Makes the changes, all or none, and answers the new revision. What is as declared already changes nothing.
   * With a transaction they are part of it.
   *
   * @throws RecordConflictError when something has another revision than expected
   * @throws InvalidDeclarationError when the whole would not be sound, with all that is wrong
   */
  change(
    changes: readonly DeclaredChange[],
    reason: ChangeReason,
    transaction?: Transaction<Schema>,
  ): Promise<{ readonly revision: number }>;
}
