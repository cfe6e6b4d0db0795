/** The record's tables, as the newest migration leaves them. */
import type { KindName, Spec } from '@millrace/api/declared';
import type { Generated } from 'kysely';
import type { JsonColumn, JsonColumnOrNull } from '../database/json.ts';

export interface RecordHeadTable {
  singleton: Generated<boolean>;
  revision: number;
}

export interface DeclaredTable {
  kind: KindName;
  id: string;
  spec: JsonColumn<Spec<KindName>>;
  revision: number;
  changed_at: Date;
  position: Generated<number>;
}

export interface DeclaredHistoryTable {
  revision: number;
  position: number;
  kind: KindName;
  id: string;
  spec: JsonColumnOrNull<Spec<KindName>>;
  changed_at: Date;
  changed_by: string;
  why: string;
  operation: string | null;
}
