/** What is declared, as a part of the control plane: looked at, changed, compared with what is there, and applied. */
import type { ConnectParts } from '../connect/connect-clusters.ts';
import { connectViews } from '../connect/connect-views.ts';
import type { Part } from '../control-plane/control-plane.ts';
import type { PlanKind } from '../operations/plan-kind.ts';
import type { FleetRecord } from '../record/record.ts';
import { type FleetApplyParts, fleetApply } from './apply/fleet-apply.ts';
import { declaredRoutes } from './routes.ts';

export interface DeclaredParts extends Omit<FleetApplyParts, 'connects'> {
  readonly record: FleetRecord;
  /** How Kafka Connect clusters are reached; without it nothing is told of connectors. */
  readonly connect?: ConnectParts | undefined;
}

export function openDeclared({ connect, ...rest }: DeclaredParts): Part {
  const connects = connect && ((signal: AbortSignal) => connectViews(connect, signal));
  const parts = { ...rest, connects };
  return { routes: declaredRoutes(parts), planKinds: [fleetApply(parts) as unknown as PlanKind] };
}
