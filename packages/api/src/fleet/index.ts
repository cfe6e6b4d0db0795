export {
  AllowedAnswer,
  allowedContract,
  closeSessionContract,
  createTokenContract,
  loginCallbackContract,
  loginContract,
  loginTokenContract,
  Me,
  meContract,
  openSessionContract,
  revokeTokenContract,
  Token,
  tokensContract,
} from './access.ts';
export {
  AuditEntry,
  AuditVerification,
  listAuditContract,
  verifyAuditContract,
} from './audit.ts';
export {
  AuthorityState,
  AuthorityView,
  activateAuthorityContract,
  certificateAuthorityContract,
  forgetAuthorityContract,
  makeAuthorityContract,
} from './authority.ts';
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
export {
  Encryption,
  EncryptionView,
  encryptionContract,
  Finding,
  FindingKind,
  listFindingsContract,
} from './findings.ts';
export { GroupReset, GroupResetPreview, OffsetMove, OffsetTarget, previewGroupReset } from './groups.ts';
export {
  ApplicationDetail,
  ApplicationItem,
  CredentialView,
  confirmCredentialContract,
  getApplicationContract,
  IssueAnswer,
  IssuedSecret,
  issueCredentialContract,
  listApplicationsContract,
  listCredentialsContract,
  revokeCredentialsContract,
  rotateCredentialContract,
} from './identity.ts';
export * from './inventory/index.ts';
export {
  browseMessagesContract,
  FoundMessage,
  MessageLine,
  MessageSearch,
  searchMessagesContract,
} from './messages.ts';
export { MirrorState } from './mirror-state.ts';
export {
  getMirrorContract,
  listMirrorsContract,
  MirrorDetail,
  MirroredPartition,
  MirrorTrouble,
  MirrorView,
} from './mirrors.ts';
export * from './onboarding/index.ts';
export {
  applyPlanContract,
  cancelOperationContract,
  eventsShownMax,
  getOperationContract,
  getPlanContract,
  listOperationStepsContract,
  listOperationsContract,
  listPlanStepsContract,
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
  stepsShownMax,
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
