/** The audit log: who changed what, told in a way that shows when somebody has changed the telling. */
export type { AnchoringOptions } from './anchoring.ts';
export { appendAudit, type NewAuditEntry } from './audit-entry.ts';
export { type AuditFilter, listAudit } from './audit-log.ts';
export { openAudit } from './open-audit.ts';
export { verifyAudit } from './verify-audit.ts';
