/** The config service and its clients: answers, how they are signed and sealed, and the contracts that carry them. */
export {
  ConfigAnswer,
  ConfigCluster,
  type ConfigContent,
  ConfigCredential,
  ConfigSetting,
  contentOf,
} from './answer.ts';
export {
  ConfigInstance,
  ConfigKeysAnswer,
  ConfigProblem,
  ConfigView,
  ConfigWant,
  configAnswersContract,
  configKeysContract,
  configWatchContract,
  GivenAnswer,
  parseWants,
  RefusedAnswer,
  wantsText,
} from './ask.ts';
export {
  CredentialSecret,
  InstanceKey,
  InstanceKeyPair,
  newInstanceKey,
  openCredential,
  SealedCredentialError,
  sealCredential,
} from './instance-key.ts';
export { type LibrdkafkaFiles, librdkafkaFiles } from './librdkafka-files.ts';
export {
  ConfigEnrolment,
  configExplainContract,
  EnrolmentView,
  endEnrolmentContract,
  enrolApplicationContract,
  listEnrolmentsContract,
  rotateConfigKeysContract,
} from './operate.ts';
export { propertiesText } from './properties-text.ts';
export {
  ClientKpi,
  ConfigReport,
  configClientsContract,
  configReportContract,
  StreamReport,
} from './report.ts';
export {
  answerHeader,
  ConfigKey,
  ConfigKeySet,
  type ExpectedAnswer,
  followKeySets,
  type SigningKey,
  signAnswer,
  signKeySet,
  UntrustedConfigError,
  verifyAnswer,
  verifyKeySet,
} from './signed-answer.ts';
