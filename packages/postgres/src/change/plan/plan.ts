/** A change to a schema as small steps, a plain value that can be looked at, kept and gone on with. */
import type { ObjectName } from '../../sql/names.ts';
import type { LockTaken } from '../effect.ts';

export interface ChangePlan {
  /** What it is known by: a digest of the script. */
  readonly id: string;
  readonly steps: readonly Step[];
  /** The version of the schema that it makes. */
  readonly version?: string | undefined;
}

export type Step = DdlStep | AloneStep | BackfillStep | GateStep | VersionStep;

interface Titled {
  /** What it does, in a few words. */
  readonly title: string;
}

/** One change to the schema in a transaction of its own, held for a moment. */
export interface DdlStep extends Titled {
  readonly kind: 'ddl';
  /** Statements that belong together; mostly one. */
  readonly sql: readonly string[];
  readonly locks: readonly LockTaken[];
  /** Nothing that was there before is concerned, so that it may take its time. */
  readonly isNew?: boolean | undefined;
}

/** A statement that takes its time and stands in nobody's way: CONCURRENTLY, VALIDATE. */
export interface AloneStep extends Titled {
  readonly kind: 'alone';
  readonly sql: string;
  /** It can't be in a transaction. */
  readonly isOutside: boolean;
  /** The index that it makes, of which an invalid leftover of a run before is dropped first. */
  readonly makesIndex?: ObjectName | undefined;
  /** The index that it drops. */
  readonly dropsIndex?: ObjectName | undefined;
  /** The partition that it detaches, and from what. */
  readonly detaches?: { readonly parent: ObjectName; readonly partition: ObjectName } | undefined;
  readonly locks: readonly LockTaken[];
}

/** Rows changed in batches by their primary key. */
export interface BackfillStep extends Titled {
  readonly kind: 'backfill';
  readonly table: ObjectName;
  /** Columns of the primary key. */
  readonly key: readonly string[];
  /** `UPDATE ... SET` this, or undefined to delete. */
  readonly set?: string | undefined;
  /** Which rows need it. */
  readonly where: string;
}

/** Until people say that it is so, nothing further is done. */
export interface GateStep extends Titled {
  readonly kind: 'gate';
  /** What code does not use any more then. */
  readonly hides: readonly Hidden[];
}

/** A column by its name at that time, or a whole table or view. */
export interface Hidden {
  readonly table: ObjectName;
  readonly column?: string | undefined;
  /** The column that new code uses in its place. */
  readonly by?: string | undefined;
}

/** A schema with a view of each table, as the code to come sees it. */
export interface VersionStep extends Titled {
  readonly kind: 'version';
  readonly version: string;
  /** The schema of the tables. */
  readonly base: string;
  readonly hides: readonly Hidden[];
}
