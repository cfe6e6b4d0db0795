/** The audit log's tables, as the newest migration leaves them. */
import type { Generated } from 'kysely';
import type { JsonColumnOrNull } from '../database/json.ts';
import type { Json } from '../operations/plan-kind.ts';

export interface AuditLogTable {
  singleton: Generated<boolean>;
  id: Generated<string>;
}

export interface AuditEntryTable {
  seq: number;
  at: Date;
  principal: string;
  action: string;
  kind: string | null;
  id: string | null;
  before: JsonColumnOrNull<Json>;
  after: JsonColumnOrNull<Json>;
  why: string;
  operation: string | null;
  /** Digest of the entry before, of the log's name for the first. */
  previous: string;
  digest: string;
}

export interface AuditAnchorTable {
  seq: number;
  digest: string;
  cluster: string;
  anchored_at: Generated<Date>;
}
