/** Onboarding over HTTP: requests, policies, capacity, cost. */
export { AskedFor, RequestedApplication, SchemaType } from './asked-for.ts';
export { CalculationLine, CalculationOperation, Origin, Quantity, Unit } from './calculation.ts';
export {
  ClusterCapacity,
  ClusterFit,
  CostEstimate,
  capacityContract,
  clusterCapacityContract,
  costContract,
  Resource,
  TopicAdvice,
} from './capacity.ts';
export {
  Decision,
  EffectivePolicy,
  PolicySaying,
  PolicyVerdict,
  PolicyView,
  policiesContract,
  policyCheckContract,
  RequestKind,
} from './policies.ts';
export {
  approveRequestContract,
  collectCredentialsContract,
  commentRequestContract,
  createRequestContract,
  listRequestsContract,
  Proposal,
  ProposedTopic,
  RequestAction,
  RequestComment,
  RequestState,
  RequestSummary,
  RequestView,
  refuseRequestContract,
  showRequestContract,
  withdrawRequestContract,
} from './requests.ts';
