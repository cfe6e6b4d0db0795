/** For tests: the broker's own readers of bytes and texts from outside, one by one. */
export { ClusterConfiguration } from '../configuration/cluster-configuration.ts';
export { TopicPattern } from '../groups/consumer/topic-pattern.ts';
export { encodeEntry, journalHeader } from '../journal/journal-entry.ts';
export { planListeners } from '../security/listener-plan.ts';
export { principalMapping } from '../security/principal-mapping.ts';
export { plainUsersOf } from '../security/sasl/jaas.ts';
export { signedTokens, unsecuredTokens } from '../security/sasl/token-validator.ts';
export { checkSubscription } from '../telemetry/metric-subscriptions.ts';
export { otlpMetricNames } from '../telemetry/otlp-metric-names.ts';
