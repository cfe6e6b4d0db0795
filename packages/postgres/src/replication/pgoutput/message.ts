/** What the output plugin `pgoutput` says (PostgreSQL's documentation, 53.9, protocol version 2 with messages). */
import type { Lsn } from '../lsn.ts';
import type { TupleBytes } from './tuple-bytes.ts';

export type PgoutputMessage =
  | BeginMessage
  | CommitMessage
  | RelationMessage
  | TypeMessage
  | InsertMessage
  | UpdateMessage
  | DeleteMessage
  | TruncateMessage
  | LogicalMessage
  | { readonly kind: 'origin' }
  | StreamStartMessage
  | { readonly kind: 'stream_stop' }
  | StreamedMessage
  | StreamCommitMessage
  | StreamAbortMessage;

/** Messages of a transaction that is not over follow, until `stream_stop`. */
export interface StreamStartMessage {
  readonly kind: 'stream_start';
  readonly xid: number;
}

/** One of them, yet to be decoded. */
export interface StreamedMessage {
  readonly kind: 'streamed';
  /** Of the transaction, and of the subtransaction that did it. */
  readonly xid: number;
  readonly subxid: number;
  /** As it would be in a transaction that is over. */
  readonly bytes: Buffer;
}

export interface StreamCommitMessage {
  readonly kind: 'stream_commit';
  readonly xid: number;
  readonly commitLsn: Lsn;
  readonly endLsn: Lsn;
  readonly commitMicros: bigint;
}

export interface StreamAbortMessage {
  readonly kind: 'stream_abort';
  readonly xid: number;
  /** The same where all of it is undone. */
  readonly subxid: number;
}

export interface BeginMessage {
  readonly kind: 'begin';
  /** Where the transaction's commit lies. */
  readonly finalLsn: Lsn;
  /** Microseconds since 1970. */
  readonly commitMicros: bigint;
  readonly xid: number;
}

export interface CommitMessage {
  readonly kind: 'commit';
  readonly commitLsn: Lsn;
  readonly endLsn: Lsn;
  readonly commitMicros: bigint;
}

export interface RelationMessage {
  readonly kind: 'relation';
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  /** `d` default, `n` nothing, `f` full, `i` index. */
  readonly replicaIdentity: string;
  readonly columns: readonly RelationColumn[];
}

export interface RelationColumn {
  readonly name: string;
  readonly isKey: boolean;
  readonly typeOid: number;
  /** -1 where the type has none. */
  readonly modifier: number;
}

export interface TypeMessage {
  readonly kind: 'type';
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
}

export interface InsertMessage {
  readonly kind: 'insert';
  readonly oid: number;
  readonly after: TupleBytes;
}

export interface UpdateMessage {
  readonly kind: 'update';
  readonly oid: number;
  /** Where the key changed (its columns alone have values), or the replica identity is full. */
  readonly before: TupleBytes | undefined;
  readonly isBeforeWhole: boolean;
  readonly after: TupleBytes;
}

/** Whether values that are stored apart, and did not change, were not sent. */
export function isInPart({ after, isBeforeWhole }: UpdateMessage): boolean {
  return !isBeforeWhole && !after.isWhole;
}

export interface DeleteMessage {
  readonly kind: 'delete';
  readonly oid: number;
  readonly before: TupleBytes;
  readonly isBeforeWhole: boolean;
}

export interface TruncateMessage {
  readonly kind: 'truncate';
  readonly oids: readonly number[];
}

/** Of `pg_logical_emit_message`. */
export interface LogicalMessage {
  readonly kind: 'message';
  readonly isTransactional: boolean;
  readonly lsn: Lsn;
  readonly prefix: string;
  readonly content: Buffer;
}
