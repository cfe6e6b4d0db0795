/** The tables of the config service, as the newest migration leaves them. */
import type { ConfigReport } from '@millrace/api/config';
import type { Role } from '@millrace/api/declared';
import type { Generated } from 'kysely';
import type { JsonColumn, JsonColumnOrNull } from '../database/json.ts';

export interface ConfigTables {
  readonly config_head: ConfigHeadTable;
  readonly config_enrolment: ConfigEnrolmentTable;
  readonly config_signing_key: ConfigSigningKeyTable;
  readonly config_key_set: ConfigKeySetTable;
  readonly config_home: ConfigHomeTable;
  readonly config_asked: ConfigAskedTable;
  readonly config_cluster: ConfigClusterTable;
  readonly config_report: ConfigReportTable;
}

interface ConfigHeadTable {
  singleton: Generated<boolean>;
  revision: number;
}

export interface ConfigEnrolmentTable {
  id: string;
  application: string;
  digest: string;
  created_at: Generated<Date>;
  created_by: string;
  last_used_at: Date | null;
  ended_at: Date | null;
  ended_by: string | null;
  /** Of the record as it was then; null counts as 0. */
  record_revision: number | null;
}

interface ConfigSigningKeyTable {
  position: number;
  kid: string;
  public_key: string;
  sealed_key: string;
  created_at: Generated<Date>;
}

interface ConfigKeySetTable {
  version: number;
  signing_position: number;
  signed: string;
  created_at: Generated<Date>;
}

export interface ConfigHomeTable {
  application: string;
  topic: string;
  cluster: string;
  generation: number;
  groups: JsonColumn<Readonly<Record<string, number>>>;
}

interface ConfigAskedTable {
  application: string;
  topic: string;
  role: Role;
  site: string;
  asked_at: Date;
  stays_on: string | null;
}

interface ConfigClusterTable {
  name: string;
  bootstrap: string;
  brokers: JsonColumn<readonly string[]>;
  cluster_id: string | null;
  last_id: string | null;
  client: string;
  settings: JsonColumnOrNull<Readonly<Record<string, string>>>;
  problem: string | null;
}

interface ConfigReportTable {
  application: string;
  instance: string;
  reported_at: Date;
  report: JsonColumn<ConfigReport>;
}
