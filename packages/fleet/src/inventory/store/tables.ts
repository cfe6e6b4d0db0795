/** The inventory's tables. */
import type { ColumnType, Generated } from 'kysely';

export interface InventoryTables {
  readonly observed_cluster: ObservedClusterTable;
  readonly observed_section: ObservedSectionTable;
  readonly observed_change: ObservedChangeTable;
  readonly observed_use: ObservedUseTable;
  readonly series_hour: SeriesHourTable;
}

interface ObservedClusterTable {
  name: string;
  observed_at: Date | null;
  attempted_at: Date;
  problem: string | null;
  revision: number;
}

interface ObservedSectionTable {
  cluster: string;
  section: string;
  revision: number;
  body: Buffer;
}

interface ObservedChangeTable {
  id: Generated<number>;
  cluster: string;
  kind: string;
  name: string;
  at: Date;
  what: string;
  field: string | null;
  /** Text of JSON on its way in, its value on its way out. */
  from_value: ColumnType<unknown, string | null, never>;
  to_value: ColumnType<unknown, string | null, never>;
}

interface ObservedUseTable {
  cluster: string;
  topic: string;
  role: string;
  source: string;
  name: string;
  hosts: string[];
  first_at: Date;
  last_at: Date;
}

interface SeriesHourTable {
  cluster: string;
  subject: string;
  hour: Date;
  body: Buffer;
}
