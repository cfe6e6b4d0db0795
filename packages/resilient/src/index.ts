export { UntrustedConfigError } from '@millrace/api/config';
export {
  AmbiguousDeliveryError,
  ClustersApartError,
  ConfigRefusedError,
  ConfigUnavailableError,
  EnrolmentError,
  ForeignOffsetError,
  GroupNotTranslatedError,
  TopicsApartError,
  UnfitAnswerError,
} from './errors.ts';
export { metricsContentType } from './measures/metrics-text.ts';
export { openResilientClient } from './open-resilient-client.ts';
export type { ConfigEvent, ResilientEvent } from './report.ts';
export type {
  ResilientClient,
  ResilientClientOptions,
  ResilientConsumerOptions,
  ResilientProducerOptions,
  ResilientStatus,
  StreamStatus,
} from './resilient.ts';
