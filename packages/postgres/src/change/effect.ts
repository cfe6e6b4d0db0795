/** What a statement does to those who use the database while it runs, and after. */
import type { RangeVar } from 'libpg-query';
import type { Catalog } from '../catalog/catalog.ts';
import { nameKey, type ObjectName } from '../sql/names.ts';
import { type LockMode, strongest } from './lock-modes.ts';

/** `maybe` where it depends on what is in a database that was not read. */
export type Certainty = 'no' | 'maybe' | 'yes';

export interface LockTaken {
  readonly on: ObjectName;
  readonly mode: LockMode;
}

export interface Effect {
  /** In PostgreSQL's words: `ALTER TABLE ... ADD COLUMN`. */
  readonly kind: string;
  /** On tables and views that were there before; kept until the transaction ends. */
  readonly locks: readonly LockTaken[];
  /** Whether rows, or whole indexes, are written anew under the lock. */
  readonly rewrites: Certainty;
  /** Whether each row is read under the lock. */
  readonly scans: Certainty;
  readonly findings: readonly Finding[];
}

export interface Finding {
  /** Its stable name. */
  readonly rule: Rule;
  /** `unsafe`: somebody's work fails or waits. `warning`: better done otherwise. */
  readonly severity: 'unsafe' | 'warning';
  /** Who is hit: sessions that read or write, code that runs now, those who read changes downstream, or the data. */
  readonly breaks: readonly ('reads' | 'writes' | 'running code' | 'consumers' | 'data')[];
  readonly message: string;
  /** How it is done safely, each step deployed on its own; empty where no way is known. */
  readonly safe: readonly string[];
}

export type Rule =
  | 'remove-column'
  | 'change-column-type'
  | 'rename-column'
  | 'rename-table'
  | 'rename-schema'
  | 'rename-enum-value'
  | 'create-table-force'
  | 'drop-table'
  | 'truncate'
  | 'add-serial-column'
  | 'add-stored-generated-column'
  | 'add-column-volatile-default'
  | 'add-column-not-null'
  | 'add-column-constrained-domain'
  | 'add-json-column'
  | 'add-foreign-key'
  | 'add-check-constraint'
  | 'add-unique-constraint'
  | 'add-exclusion-constraint'
  | 'add-reference'
  | 'add-index'
  | 'drop-index'
  | 'reindex'
  | 'wide-index'
  | 'set-not-null'
  | 'domain-constraint'
  | 'attach-partition'
  | 'detach-partition'
  | 'create-partition'
  | 'rewrite-table'
  | 'backfill'
  | 'backfill-with-change'
  | 'long-lock'
  | 'captured-table'
  | 'several-changes'
  | 'concurrently-in-transaction'
  | 'not-checked';

/** What an operation is told of the statement that it looks at. */
export interface Context {
  readonly catalog: Catalog;
  /** Whether the object was made by an earlier statement of the same script: nobody uses it yet. */
  isNew(name: ObjectName): boolean;
  /** Whether an earlier statement of the script dropped a table of this name. */
  isDropped(relation: RangeVar | undefined): boolean;
}

export const harmless = { locks: [], rewrites: 'no', scans: 'no', findings: [] } as const;

/** Effects that come together, as those of the commands of one ALTER TABLE do. */
export function together(kind: string, effects: readonly Effect[]): Effect {
  const modes = new Map<string, LockTaken[]>();
  for (const lock of effects.flatMap(({ locks }) => locks)) {
    const key = nameKey(lock.on);
    modes.set(key, [...(modes.get(key) ?? []), lock]);
  }
  return {
    kind,
    locks: [...modes.values()].flatMap((taken) => {
      const mode = strongest(taken.map((lock) => lock.mode));
      return taken[0] === undefined || mode === undefined ? [] : [{ on: taken[0].on, mode }];
    }),
    rewrites: most(effects.map(({ rewrites }) => rewrites)),
    scans: most(effects.map(({ scans }) => scans)),
    findings: effects.flatMap(({ findings }) => findings),
  };
}

export function most(certainties: readonly Certainty[]): Certainty {
  if (certainties.includes('yes')) return 'yes';
  return certainties.includes('maybe') ? 'maybe' : 'no';
}
