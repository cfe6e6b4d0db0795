/** Kafka Connect clusters: their connectors seen, applied from the record, and restarted. */
import { implement, type Route } from '@millrace/api';
import { connectListContract, connectorContract } from '@millrace/api/fleet';
import type { PlanKind } from '../operations/plan-kind.ts';
import { connectApplyKind } from './connect-apply.ts';
import type { ConnectParts } from './connect-clusters.ts';
import { connectRestartKind } from './connect-restart.ts';
import { connectorView, connectViews } from './connect-views.ts';

export type { ConnectParts } from './connect-clusters.ts';
export { ConnectClusterError } from './connect-error.ts';

export function openConnect(parts: ConnectParts): { readonly routes: Route[]; readonly planKinds: PlanKind[] } {
  return {
    routes: [
      implement(connectListContract, async ({ signal }) => ({ items: await connectViews(parts, signal) })),
      implement(connectorContract, ({ params, signal }) =>
        connectorView(parts, params.connect, params.connector, signal),
      ),
    ],
    planKinds: [connectApplyKind(parts), connectRestartKind(parts)] as unknown as PlanKind[],
  };
}
