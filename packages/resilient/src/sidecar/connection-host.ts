/** What connections of programs need of their sidecar. */
import type { Platform } from '@millrace/base';
import type { ByteWriter } from '@millrace/wire';
import type { ClusterRoute } from './cluster-route.ts';
import type { SecretCheck } from './local-login.ts';
import type { Address, NamedBroker } from './named-brokers.ts';
import type { SidecarMeasures } from './sidecar-measures.ts';

export interface ConnectionHost {
  readonly platform: Platform;
  readonly writer: ByteWriter;
  readonly measures: SidecarMeasures;
  readonly frameBytesMax: number;
  readonly check: SecretCheck;
  /** The way of connections that begin now. */
  readonly route: ClusterRoute;
  /** Where programs find these brokers, by node id. */
  localAddresses(route: ClusterRoute, brokers: readonly NamedBroker[]): Promise<(nodeId: number) => Address>;
  sawGroups(groups: readonly string[]): void;
}
