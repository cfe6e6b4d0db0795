export type { AuditRecord } from './audit/audit-record.ts';
export type { Guarantee } from './copy/guarantee.ts';
export { cancelFailover } from './failover/cancel-failover.ts';
export type { CarriedGroup } from './failover/carry-groups.ts';
export type { TailRecord } from './failover/divergent-tail.ts';
export {
  type FailbackOptions,
  type FailbackResult,
  type FailedBackTopic,
  failback,
  planFailback,
} from './failover/failback.ts';
export { failover, planFailover } from './failover/failover.ts';
export {
  FailoverError,
  FailoverRecordError,
  MirrorFailedOverError,
  MirrorNotFailedBackError,
} from './failover/failover-errors.ts';
export type {
  FailoverOptions,
  FailoverPlan,
  FailoverResult,
  FailoverSides,
  FailoverStep,
} from './failover/failover-options.ts';
export type { FailoverManner, FailoverPoint, FailoverState, Tail, TopicFailover } from './failover/failover-record.ts';
export { type MoveGroupsOptions, moveGroups } from './failover/move-groups.ts';
export type { TailExport } from './failover/tail-treatment.ts';
export type { GroupDirection, GroupSyncResult } from './groups/group-sync.ts';
export type { Mirror, MirrorOptions, PartitionStatus } from './mirror.ts';
export {
  GuaranteeRefusedError,
  LoopError,
  MirrorNameError,
  OffsetsTopicError,
  SourceTopicError,
  TargetNameError,
} from './mirror-errors.ts';
export type { MirrorEvent, MirrorReport } from './mirror-event.ts';
export type { Losses, LossReason, LostRange } from './offset-map/losses.ts';
export type { OffsetRun } from './offset-map/offset-run.ts';
export { PartitionOffsetMap } from './offset-map/partition-offset-map.ts';
export type { PartitionStandstill, Standstill, StandstillReason } from './offset-map/standstill.ts';
export { SharingMessageError, SharingUnreachableError } from './sharing/sharing-errors.ts';
export type { SharingOptions } from './sharing/sharing-times.ts';
export { startMirror } from './start-mirror.ts';
export { type KnownMirror, type KnownMirrorsOptions, knownMirrors } from './status/known-mirrors.ts';
export { metricsContentType, metricsText } from './status/metrics-text.ts';
export type { MirrorState, PartitionState, TopicState, WorkerState } from './status/mirror-state.ts';
export { MirrorWatch, type MirrorWatchOptions } from './status/mirror-watch.ts';
export type { WorkerFigures } from './status/worker-figures.ts';
export type {
  Difference,
  DifferenceKind,
  OffsetRange,
  PartitionVerification,
  RecordField,
  TopicVerification,
  VerifiedSide,
  VerifyOptions,
  VerifyProgress,
} from './verify/verification.ts';
export { VerifyError } from './verify/verify-error.ts';
export { verifyTopic } from './verify/verify-topic.ts';
export { type VerifyMirrorOptions, verifyMirror } from './verify-mirror.ts';
