/** The tables of identities, as the newest migration leaves them. */
import type { ColumnType, Generated } from 'kysely';
import type { Verifier } from './secrets/password.ts';

export interface CredentialTable {
  id: string;
  application: string;
  kind: 'scram' | 'certificate';
  principal: string;
  clusters: string[];
  operation: string;
  issued_at: Generated<Date>;
  issued_by: string;
  verifier: ColumnType<Verifier | null, string | null | undefined, never>;
  certificate: string | null;
  serial: string | null;
  expires_at: Date | null;
  warned_days: number | null;
  sealed: string | null;
  kept: string | null;
  sealed_for: 'application' | 'request' | 'nobody';
  delivered_at: Date | null;
  old_until: Date | null;
  confirmed_at: Date | null;
  confirmed_by: string | null;
  ended_at: Date | null;
  ended_as: 'retired' | 'revoked' | 'replaced' | null;
}

export interface ShutOutTable {
  principal: string;
  cluster: string;
  application: string;
  since: ColumnType<Date, never, Date>;
  operation: string;
}

export interface CertificateAuthorityOtherTable {
  id: string;
  state: 'next' | 'former';
  certificate: string;
  sealed_key: string | null;
  sealing_key: string | null;
  created_at: Generated<Date>;
}

export interface CertificateAuthorityTable {
  singleton: Generated<boolean>;
  certificate: string;
  sealed_key: string;
  sealing_key: string;
  created_at: Generated<Date>;
}
