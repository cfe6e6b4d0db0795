/** What the handlers of all endpoints of a cluster work on. */
import type { Platform } from '@millrace/base';
import type { BrokerEndpoint } from './broker-endpoint.ts';
import type { ClusterConfiguration } from './configuration/cluster-configuration.ts';
import type { ClusterFeatures } from './features/cluster-features.ts';
import type { FetchSessions } from './fetch/fetch-sessions.ts';
import type { GroupCoordinator } from './groups/group-coordinator.ts';
import type { ProducerIds } from './producer-ids.ts';
import type { ClientQuotas } from './quotas/client-quotas.ts';
import type { Replication } from './replication/replication.ts';
import type { Authorizer } from './security/authorization.ts';
import type { ClusterSecurity } from './security/cluster-security.ts';
import type { ClientTelemetry } from './telemetry/client-telemetry.ts';
import type { TopicCatalog } from './topics/topic-catalog.ts';
import type { ProducerGate } from './transactions/producer-gate.ts';
import type { TransactionCoordinator } from './transactions/transaction-coordinator.ts';

export interface ClusterState {
  readonly clusterId: string;
  readonly platform: Platform;
  readonly configuration: ClusterConfiguration;
  /** The brokers that run, by ascending node id. */
  readonly endpoints: readonly BrokerEndpoint[];
  /** The brokers that were stopped, likewise. */
  readonly fencedEndpoints: readonly BrokerEndpoint[];
  readonly features: ClusterFeatures;
  readonly topics: TopicCatalog;
  readonly replication: Replication;
  readonly groups: GroupCoordinator;
  readonly producerIds: ProducerIds;
  readonly transactions: TransactionCoordinator;
  readonly producerGate: ProducerGate;
  readonly fetchSessions: FetchSessions;
  readonly quotas: ClientQuotas;
  readonly telemetry: ClientTelemetry;
  readonly security: ClusterSecurity;
  /** Undefined: everybody may do everything. */
  readonly authorizer: Authorizer | undefined;
}
