/** The tables, as the newest migration leaves them. */
import type { AccessLoginTable, AccessSessionTable, AccessTokenTable, AccessUserTable } from '../access/tables.ts';
import type { AuditAnchorTable, AuditEntryTable, AuditLogTable } from '../audit/tables.ts';
import type { ConfigTables } from '../config/tables.ts';
import type { ChangeEventTable } from '../events/tables.ts';
import type {
  CertificateAuthorityOtherTable,
  CertificateAuthorityTable,
  CredentialTable,
  ShutOutTable,
} from '../identity/tables.ts';
import type { InventoryTables } from '../inventory/store/tables.ts';
import type { MirrorBegunTable, MirrorRunTable } from '../mirrors/tables.ts';
import type { OnboardingCommentTable, OnboardingRequestTable } from '../onboarding/tables.ts';
import type { OperationEventTable, OperationStepTable, OperationTable, PlanTable } from '../operations/tables.ts';
import type { DeclaredHistoryTable, DeclaredTable, RecordHeadTable } from '../record/tables.ts';

export interface Schema extends InventoryTables, ConfigTables {
  readonly lease: LeaseTable;

  readonly record_head: RecordHeadTable;
  readonly declared: DeclaredTable;
  readonly declared_history: DeclaredHistoryTable;

  readonly audit_log: AuditLogTable;
  readonly audit_entry: AuditEntryTable;
  readonly audit_anchor: AuditAnchorTable;

  readonly change_event: ChangeEventTable;

  readonly plan: PlanTable;
  readonly operation: OperationTable;
  readonly operation_step: OperationStepTable;
  readonly operation_event: OperationEventTable;
  readonly credential: CredentialTable;
  readonly shut_out: ShutOutTable;
  readonly certificate_authority: CertificateAuthorityTable;
  readonly certificate_authority_other: CertificateAuthorityOtherTable;

  readonly mirror_run: MirrorRunTable;
  readonly mirror_begun: MirrorBegunTable;
  readonly onboarding_request: OnboardingRequestTable;
  readonly onboarding_comment: OnboardingCommentTable;
  readonly access_user: AccessUserTable;
  readonly access_token: AccessTokenTable;
  readonly access_session: AccessSessionTable;
  readonly access_login: AccessLoginTable;
}

interface LeaseTable {
  name: string;
  holder: string;
  epoch: number;
  until: Date;
}
