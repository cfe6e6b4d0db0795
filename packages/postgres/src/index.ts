/** PostgreSQL beside Kafka: schema changes without downtime. */

export { ApplierFigures } from './applier/applier-figures.ts';
export { applierStatus, type PartitionLag } from './applier/applier-status.ts';
export { PostgresTarget, type PostgresTargetOptions } from './applier/postgres/postgres-target.ts';
export { ApplierError, type ApplierOptions, runApplier } from './applier/run-applier.ts';
export type {
  ApplierEvent,
  ApplyTarget,
  Position,
  StoredPosition,
  TargetSession,
} from './applier/target.ts';
export {
  CaptureError,
  type CaptureEvent,
  type CaptureOptions,
  requestSnapshot,
  runCapture,
} from './capture/capture.ts';
export type { Catalog, ColumnFacts, ConstraintFacts, IndexFacts, TableFacts, TypeFacts } from './catalog/catalog.ts';
export { type Queryable, readCatalog } from './catalog/read-catalog.ts';
export { ApplyError } from './change/apply/apply-error.ts';
export type { ApplyEvent, Report } from './change/apply/apply-event.ts';
export { type Applied, type ApplyOptions, applyPlan } from './change/apply/apply-plan.ts';
export { changeOf, type RecordTables } from './change/apply/change-record.ts';
export { eventText } from './change/apply/event-text.ts';
export { type ApplyLimits, applyLimitsDefault } from './change/apply/limits.ts';
export type { Compatibility } from './change/downstream.ts';
export type { Certainty, Effect, Finding, LockTaken, Rule } from './change/effect.ts';
export { type LintedStatement, type LintOptions, lintScript } from './change/lint.ts';
export type { LockMode } from './change/lock-modes.ts';
export { changeId, type PlanOptions, planScript } from './change/plan/make-plan.ts';
export { type PartitionKeys, readPartitionKeys } from './change/plan/partition-steps.ts';
export type {
  AloneStep,
  BackfillStep,
  ChangePlan,
  DdlStep,
  GateStep,
  Hidden,
  Step,
  VersionStep,
} from './change/plan/plan.ts';
export { PlanError } from './change/plan/plan-error.ts';
export { ScriptCatalog } from './change/script-catalog.ts';
export {
  type DropVersionOptions,
  dropVersion,
  listVersions,
  type SchemaVersion,
} from './change/versions/versions.ts';
export {
  type ChangeEvent,
  type ChangeRow,
  type ChangeSource,
  type TransactionBlock,
  type TransactionMarker,
  unavailableValue,
} from './change-events/change-event.ts';
export {
  type ColumnShape,
  type SchemaChangeEvent,
  schemaVersionHeader,
  type TableChange,
  type TableShape,
} from './change-events/schema-change-event.ts';
export { PostgresError, withConnection } from './connection.ts';
export { decodeMessage, PgoutputError } from './replication/pgoutput/decode-message.ts';
export { removeSlot, SourceError } from './replication/slot.ts';
export { nameText, type ObjectName } from './sql/names.ts';
export { parseScript, type Statement } from './sql/parse-script.ts';
export { SqlSyntaxError } from './sql/sql-error.ts';
export { appliedPast } from './verify/applied-past.ts';
export {
  type RowDifference,
  type Verified,
  type VerifyEvent,
  type VerifyOptions,
  verifyTables,
} from './verify/verify.ts';
