/** The tables of access, as the newest migration leaves them. */
import type { Generated } from 'kysely';
import type { JsonColumn } from '../database/json.ts';
import type { LoginDetails } from './logins.ts';
import type { Rights } from './rights.ts';

export interface AccessUserTable {
  name: string;
  subject: string;
  rights: JsonColumn<Rights>;
  logged_in_at: Date;
}

export interface AccessTokenTable {
  id: string;
  name: string;
  digest: string;
  owner: string;
  parent: string | null;
  rights: JsonColumn<Rights>;
  created_at: Generated<Date>;
  expires_at: Date;
  last_used_at: Date | null;
  revoked_at: Date | null;
}

export interface AccessSessionTable {
  digest: string;
  owner: string;
  token: string | null;
  created_at: Generated<Date>;
  seen_at: Generated<Date>;
  expires_at: Date;
}

export interface AccessLoginTable {
  digest: string;
  stage: 'provider' | 'command';
  details: JsonColumn<LoginDetails>;
  expires_at: Date;
}
