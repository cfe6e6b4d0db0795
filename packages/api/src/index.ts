export { type CallInput, type CallOptions, callContract, ServerUnreachableError } from './call-contract.ts';
export { type Checker, compileChecker, type Issue } from './checker.ts';
export {
  type Contract,
  type Dialect,
  defineContract,
  implement,
  type Method,
  type PageAnswer,
  type Route,
  type RouteAnswer,
  type RouteRequest,
  type ServerSentEvent,
  UnreadableBody,
} from './contract.ts';
export { type FollowOptions, followContract } from './follow-contract.ts';
export {
  FoundLine,
  LogAlert,
  LogShape,
  logAlertsContract,
  logShapesContract,
  searchLinesContract,
  tailLinesContract,
} from './logs.ts';
export { type OpenApiInformation, openApiDocument } from './openapi.ts';
export { mayAnywhere, permissionOf, permissionsOf, rolePermissions } from './permissions.ts';
export { Permission, Principal, principalText, RoleName } from './principal.ts';
export {
  Problem,
  type ProblemCode,
  ProblemError,
  type ProblemIssue,
  type ProblemOptions,
  problemCodes,
} from './problem.ts';
export { cookieOf, sessionCookieName } from './session-cookie.ts';
export { TrackingCounts, TrackingReport, TrackingTotals, trackingTotalsContract } from './tracking.ts';
export {
  TrackingBad,
  TrackingFunnel,
  TrackingLive,
  TrackingReplay,
  TrackingRetention,
  TrackingSessions,
  trackingBadContract,
  trackingFunnelContract,
  trackingLiveContract,
  trackingReplayContract,
  trackingRetentionContract,
  trackingSessionsContract,
} from './tracking-queries.ts';
