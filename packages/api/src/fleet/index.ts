export {
  AuditEntry,
  AuditVerification,
  listAuditContract,
  verifyAuditContract,
} from './audit.ts';
export {
  ConnectApply,
  ConnectorTask,
  ConnectorView,
  ConnectRestart,
  ConnectView,
  connectListContract,
  connectorContract,
} from './connect.ts';
export {
  checkDeclaredContract,
  DeclaredThing,
  diffDeclaredContract,
  exportDeclaredContract,
  FleetDifferenceAnswer,
  FleetDifferenceItem,
  FleetRequest,
  getDeclaredContract,
  listDeclaredContract,
  putDeclaredContract,
  putDeclaredListContract,
  Refusal,
  removeDeclaredContract,
  ToldItem,
} from './declared.ts';
export { eventsContract, FleetEvent, HubEvent } from './events.ts';
export { GroupReset, GroupResetPreview, OffsetMove, OffsetTarget, previewGroupReset } from './groups.ts';
export {
  applyPlanContract,
  cancelOperationContract,
  getOperationContract,
  getPlanContract,
  listOperationsContract,
  makePlanContract,
  OperationDetail,
  OperationEvent,
  OperationState,
  OperationStep,
  OperationView,
  PlanStep,
  PlanView,
  resumeOperationContract,
  StepState,
} from './operations.ts';
export { pageOf, pageQuery } from './page.ts';
export {
  MaskRule,
  SampleCopy,
  TwinCreate,
  TwinDelete,
  TwinDiff,
  TwinDifference,
  TwinSync,
  TwinView,
  twinDiffContract,
  twinListContract,
} from './twins.ts';
